// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/proc_stat.h"

#include <gtest/gtest.h>
#include <rapidcheck/Assertions.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace ullage::sense {
namespace {

// Linux 6.18, `cat /proc/self/stat`.
constexpr std::string_view kAfterName =
    " R 8047 8047 4772 0 -1 4194304 102 0 7 0 12 34 0 0 20 0 3 0 104056 3133440 380 18446744073709551615 "
    "94348613681152 94348613701033 140730773063712 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 94348613717040 "
    "94348613718656 "
    "94348790996992 140730773072544 140730773072599 140730773072599 140730773073899 0\n";

std::string line(std::string_view name) {
  return "8055 (" + std::string(name) + ")" + std::string(kAfterName);
}

TEST(ProcStat, ReadsTheKernelsLine) {
  const std::string text = line("cat");
  const auto stat = parse_proc_stat(text);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->pid, 8055);
  EXPECT_EQ(stat->name, "cat");
  EXPECT_EQ(stat->state, 'R');
  EXPECT_EQ(stat->parent_pid, 8047);
  EXPECT_EQ(stat->minor_faults, 102u);
  EXPECT_EQ(stat->major_faults, 7u);
  EXPECT_EQ(stat->user_ticks, 12u);
  EXPECT_EQ(stat->system_ticks, 34u);
  EXPECT_EQ(stat->threads, 3u);
  EXPECT_EQ(stat->start_ticks, 104056);
  EXPECT_EQ(stat->resident_pages, 380u);
  EXPECT_EQ(stat->start_code, 94348613681152u);
}

TEST(ProcStat, ANameMayHoldAnything) {
  for (const std::string_view name : {"a) R 1 (b", "))) ((", "", " ", "two\nlines", "\xff\xfe<b>", "(sd-pam)",
                                      "tmux: server", "x) S 1 2 3"}) {
    const std::string text = line(name);
    const auto stat = parse_proc_stat(text);
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->name, name);
    EXPECT_EQ(stat->parent_pid, 8047);
  }
}

RC_GTEST_PROP(ProcStat, ComesBackWholeWhateverTheName, (const std::string& name)) {
  const std::string text = line(name);
  const auto stat = parse_proc_stat(text);
  RC_ASSERT(stat.has_value());
  RC_ASSERT(stat->name == name);
  RC_ASSERT(stat->resident_pages == 380u);
}

TEST(ProcStat, ACutLineIsAnErrorAndNeverHalfANumber) {
  const std::string text = line("cat");
  const std::size_t enough = text.find(" 94348613701033");
  for (std::size_t size = 0; size < text.find("94348613681152"); ++size)
    EXPECT_FALSE(parse_proc_stat(std::string_view(text).substr(0, size))) << size;
  EXPECT_TRUE(parse_proc_stat(std::string_view(text).substr(0, enough)));
}

TEST(ProcStat, ABrokenFieldIsAnErrorThatSaysSo) {
  std::string text = line("cat");
  text.replace(text.find(" 102 "), 5, " 1o2 ");
  ASSERT_FALSE(parse_proc_stat(text));
  EXPECT_EQ(parse_proc_stat(text).error().text(), "a field of /proc/PID/stat is not a number");
}

TEST(ProcStat, NegativePagesAreNone) {
  std::string text = line("cat");
  text.replace(text.find(" 380 "), 5, " -12 ");
  EXPECT_EQ(parse_proc_stat(text)->resident_pages, 0u);
}

}  // namespace
}  // namespace ullage::sense
