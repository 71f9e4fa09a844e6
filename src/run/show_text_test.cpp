// SPDX-License-Identifier: Apache-2.0
#include "run/show_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "metric/series.h"
#include "run/example_record.h"
#include "run/record.h"
#include "run/series_view.h"

namespace ullage::run {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string shown(const Record& record, const ShowLook& look = {}) {
  const std::vector<metric::SeriesKey> keys = {{"ullage_run_used_bytes", {}},
                                               {"ullage_run_cpu_seconds_total", {{"mode", "user"}}}};
  std::vector<metric::Tick> ticks;
  for (int i = 0; i <= 50; ++i)
    ticks.push_back({kExampleStartMs + 250L * i, {{0, 24.0 * kMiB * i}, {1, 0.4 * i}}});
  const auto text = show_text(record, view_of(keys, ticks), {"block 3 is damaged"}, look);
  EXPECT_TRUE(text);
  return *text;
}

TEST(ShowText, HasEverySection) {
  Record record = example_record();
  record.advice = {{.id = "x", .text = "Do this.", .evidence = "1 of 2", .anchor = "#cpu"}};
  record.growth = {{.resource = "memory", .kind = "growing", .confidence = 0.9, .text = "by 1 MiB/s"},
                   {.resource = "threads", .kind = "steady", .confidence = 0.7, .text = "4 at the end"},
                   {.resource = "open_files", .kind = "steady", .confidence = 0.7, .text = "9 at the end"}};
  const std::string text = shown(record);
  EXPECT_THAT(text, HasSubstr("growing  memory (90 % sure)\n           by 1 MiB/s\n"));
  EXPECT_THAT(text, HasSubstr("steady   threads, open files\n"));
  EXPECT_THAT(text, HasSubstr("damaged: block 3 is damaged"));
  EXPECT_THAT(text,
              HasSubstr("train  Finished in 12.5 s; peak 1.20 GiB of 2.00 GiB (60 %), 1.8 of 2 cores busy."));
  EXPECT_THAT(text, HasSubstr("Used memory, limit 2.00 GiB"));
  EXPECT_THAT(text, HasSubstr("Cores busy, 2 available"));
  EXPECT_THAT(text, HasSubstr("1234  python3 train.py  1.17 GiB"));
  EXPECT_THAT(text, HasSubstr("sh ×2"));
  EXPECT_THAT(text, HasSubstr("load      +0 s  2.00 s   300 MiB  1.90 s"));
  EXPECT_THAT(text, HasSubstr("+9.00 s  info      epoch 3 done"));
  EXPECT_THAT(text, HasSubstr("Do this.\n    1 of 2"));
  EXPECT_THAT(text, HasSubstr("memory  2.00 GiB  2.00 GiB  cgroup v2"));
  EXPECT_THAT(text, HasSubstr("repeat     ullage run --memory 2G --name train -- python3 train.py"));
  EXPECT_THAT(text, HasSubstr("tags       branch=main"));
}

TEST(ShowText, HostileNamesAreHarmless) {
  Record record = example_record();
  const std::string hostile = "\x1b]0;owned\x07\n<b>\xff";
  record.name = record.phases[0].name = record.events[0].text = record.process_table[0].name = hostile;
  record.process_table[0].command = record.working_directory = record.host.name = hostile;
  record.command = {hostile};
  record.tags = {{hostile, hostile}};
  const std::string text = shown(record);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
  EXPECT_THAT(text, Not(HasSubstr("\xff")));
}

TEST(ShowText, OfARunOfWhichNothingIsKnown) {
  Record record;
  record.id = "x";
  const std::vector<metric::SeriesKey> keys;
  const auto text = show_text(record, view_of(keys, {}), {}, {});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("x  Still running after"));
}

}  // namespace
}  // namespace ullage::run
