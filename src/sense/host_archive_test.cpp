// SPDX-License-Identifier: Apache-2.0
#include "sense/host_archive.h"

#include <gtest/gtest.h>

#include <string>

#include "base/file.h"

namespace ullage::sense {
namespace {

using namespace std::string_literals;

TEST(HostArchive, GivesBackWhatWasPacked) {
  const std::string archive = pack_archive({{"/proc/loadavg", "0.5 0.4 0.3 1/100 12\n"},
                                            {"/proc/7/cmdline", "python3\0work.py\0\n\\0"s},
                                            {"/proc/self/mountinfo", "1 2 0:3 / /a\\040b rw - x y z\n"},
                                            {"/proc/8/cmdline", ""}});
  const auto files = unpack_archive(archive);
  ASSERT_EQ(files.size(), 4u);
  EXPECT_EQ(files[0].path, "/proc/loadavg");
  EXPECT_EQ(files[0].text, "0.5 0.4 0.3 1/100 12\n");
  EXPECT_EQ(files[1].text,
            "python3\0work.py\0 /0"s);  // an argument's own line ends and backslashes do not stay
  EXPECT_EQ(files[2].text, "1 2 0:3 / /a\\040b rw - x y z\n");
  EXPECT_EQ(files[3].text, "");
}

// Names of processes are anybody's to choose.
TEST(HostArchive, NoTextBeginsAFileOfItsOwn) {
  const auto files = unpack_archive(pack_archive({{"/proc/9/stat", "9 (a\n-- /etc/shadow --\n) S 1\n"}}));
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].text, "9 (a\n_-- /etc/shadow --\n) S 1\n");
}

TEST(HostArchive, NoPathLeadsOutOfTheTree) {
  const auto files = unpack_archive("lost\n-- /../../etc/cron.d/x --\nharm\n-- /proc/stat --\ncpu 1\n");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, "/proc/stat");
  EXPECT_EQ(files[0].text, "cpu 1\n");
}

TEST(HostArchive, TheMachinesOfTheTestsArePackedAsTheyStand) {
  for (const char* name : {"hybrid", "cgroup_v1", "debian_host", "v2_container", "generated_128_core"}) {
    const auto text = read_file("tests/fixtures/hosts/" + std::string(name) + ".txt");
    ASSERT_TRUE(text);
    EXPECT_EQ(pack_archive(unpack_archive(*text)), *text) << name;
  }
}

}  // namespace
}  // namespace ullage::sense
