// SPDX-License-Identifier: Apache-2.0
#include "run/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "run/example_record.h"
#include "run/fail_on.h"
#include "run/leaves.h"
#include "run/record.h"

namespace ullage::run {
namespace {

using testing::HasSubstr;
using testing::Not;

Record slower() {
  Record record = example_record();
  record.id = "20261124-070000-zzzz";
  record.wall_seconds = 14;
  record.memory.peak_bytes = 1500 * kMiB;
  record.phases[0].cpu_seconds = 3.8;
  record.cpu.throttled_seconds = 1.0;
  return record;
}

Diff diff_of(Record a, Record b, const std::vector<std::string>& expressions = {}) {
  std::vector<FailOn> gates;
  for (const std::string& expression : expressions) gates.push_back(*parse_fail_on(expression));
  auto diff = compare(std::move(a), std::move(b), gates);
  EXPECT_TRUE(diff) << diff.error().text();
  return std::move(*diff);
}

TEST(Diff, MainFiguresComeFirstThenWhatChangedMost) {
  const Diff diff = diff_of(example_record(), slower());
  ASSERT_GT(diff.changes.size(), 3u);
  EXPECT_EQ(diff.changes[0].path, "wall_seconds");
  EXPECT_NEAR(*diff.changes[0].ratio(), 0.12, 1e-9);
  EXPECT_EQ(diff.changes[1].path, "memory.peak_bytes");
  const auto load = std::ranges::find(diff.changes, "phases.load.cpu_seconds", &Change::path);
  ASSERT_NE(load, diff.changes.end());
  EXPECT_EQ(*load->ratio(), 1);
}

TEST(Diff, TextIsATableWithHumanUnits) {
  const std::string text = diff_text(diff_of(example_record(), slower(), {"wall_seconds>+5%"}), {}, 0, false);
  EXPECT_THAT(text, HasSubstr("memory.peak_bytes        1.20 GiB  1.46 GiB   +22 %"));
  EXPECT_THAT(text, HasSubstr("cpu.throttled_seconds     unknown    1.00 s\n"));
  EXPECT_THAT(text, HasSubstr("crossed  wall_seconds went from 12.5 s to 14.0 s (+12 %): more than +5.0 %"));
  EXPECT_THAT(text, Not(HasSubstr("sampling.")));
}

TEST(Diff, OfARunWithItselfShowsNoChange) {
  const Diff diff = diff_of(example_record(), example_record(), {"memory.peak_bytes>+0%"});
  EXPECT_FALSE(diff.crossed());
  for (const Change& change : diff.changes) EXPECT_FALSE(change.is_changed()) << change.path;
}

TEST(Diff, SaysWhenWhatWasRunDiffers) {
  Record other = slower();
  other.command = {"python3", "train.py", "--big\x1b"};
  const std::string text = diff_text(diff_of(example_record(), other), {}, 0, false);
  EXPECT_THAT(text, HasSubstr("the commands differ: python3 train.py / python3 train.py $'--big\\x1b'"));
}

TEST(Diff, OfCodesAndAnswersThereIsNoPercentage) {
  Record failed = example_record(), killed = example_record();
  failed.exit_code = 1;
  failed.timed_out = true;
  killed.exit_code = 7;
  const Diff diff = diff_of(failed, killed);
  EXPECT_THAT(diff_text(diff, {}, 0, false), HasSubstr("exit_code                    1         7\n"));
  const auto json = diff_json(diff);
  EXPECT_TRUE(std::ranges::none_of(json["figures"], [](const auto& figure) {
    const bool is_quantity = figure["path"] != "exit_code" && figure["path"] != "timed_out";
    return !is_quantity && !figure["change_ratio"].is_null();
  }));
}

TEST(Diff, Markdown) {
  const std::string text = diff_markdown(diff_of(example_record(), slower(), {"wall_seconds>+5%"}), false);
  EXPECT_THAT(text, HasSubstr("| memory.peak\\_bytes | 1.20 GiB | 1.46 GiB | +22 % |"));
  EXPECT_THAT(text, HasSubstr("| crossed |"));
}

TEST(Diff, JsonHoldsEveryFigureOfEither) {
  const auto json = diff_json(diff_of(example_record(), slower(), {"wall_seconds>+5%"}));
  EXPECT_EQ(json["version"], 1);
  EXPECT_TRUE(json["crossed"]);
  EXPECT_EQ(json["figures"][0]["path"], "wall_seconds");
  EXPECT_TRUE(std::ranges::any_of(json["figures"], [](const auto& figure) {
    return figure["path"] == "cpu.throttled_seconds" && figure["before"].is_null() && figure["after"] == 1.0;
  }));
}

TEST(Diff, RepeatedPhasesGoByTheirTurn) {
  Record record = example_record();
  record.phases[1].name = "load";
  const auto leaves = leaves_of(record);
  EXPECT_NE(find_leaf(leaves, "phases.load.peak_bytes"), nullptr);
  EXPECT_NE(find_leaf(leaves, "phases.load[2].peak_bytes"), nullptr);
}

}  // namespace
}  // namespace ullage::run
