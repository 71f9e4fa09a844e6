// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/pushed_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "metric/family.h"
#include "metric/live_series.h"
#include "sense/collector_fixture.h"
#include "sense/custom/series_gate.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;

// In order of their text: a hash table has none.
std::string values_of(PushedValues& values, seconds now) {
  SeriesGate gate(100);
  LinesFrame frame;
  values.add_to(frame, gate, now);
  std::istringstream stream(frame.text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line + '\n');
  std::ranges::sort(lines);
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

TEST(PushedValues, TakeBothProtocols) {
  PushedValues values(100);
  values.take_all(
      "gauge queue_depth 3 shard=a\ncounter rows_total +500\ncounter rows_total 20\n\n# nothing\n"
      "requests:2|c|@0.5|#code:200\nrequests:1|c|#code:200\ndepth:5|g\ndepth:+2|g\n"
      "call:100:300|ms\n",
      seconds(1));
  EXPECT_EQ(values_of(values, seconds(1)),
            "call_count 2\ncall_sum 0.4\ndepth 7\nqueue_depth{shard=\"a\"} 3\nrequests{code=\"200\"} 5\n"
            "rows_total 520\n");
  EXPECT_EQ(values.counts().lines, 8u);
  EXPECT_EQ(values.counts().bad_lines, 0u);
}

TEST(PushedValues, SayWhatKindTheyAre) {
  PushedValues values(100);
  values.take_all("gauge depth 3\ncounter rows_total 5\ncall:100|ms\nusers:anna|s\n", seconds(1));
  metric::LiveSeries live(100);
  SeriesGate gate(100);
  live.begin(1000);
  values.add_to(live, gate, seconds(2));
  EXPECT_EQ(live.family("depth")->kind, metric::FamilyKind::gauge);
  EXPECT_EQ(live.family("rows_total")->kind, metric::FamilyKind::counter);
  EXPECT_EQ(live.family("call")->kind, metric::FamilyKind::summary);
  EXPECT_EQ(live.family("users")->kind, metric::FamilyKind::gauge);
}

// At once, and never a 0 that was not so.
TEST(PushedValues, ASetIsTheMembersOfTheLastTenSeconds) {
  PushedValues values(100);
  (void)values_of(values, seconds(10));
  values.take_all("users:a|s\nusers:b|s\nusers:a|s\n", seconds(11));
  EXPECT_EQ(values_of(values, seconds(11)), "users 2\n");
  values.take_all("users:c|s\n", seconds(19));
  EXPECT_EQ(values_of(values, seconds(20)), "users 3\n");
  EXPECT_EQ(values_of(values, seconds(21)), "users 1\n");
  EXPECT_EQ(values_of(values, seconds(30)), "users 0\n");
}

TEST(PushedValues, AFullSetStillHearsOfTheMembersItHolds) {
  PushedValues values(100);
  std::string lines;
  for (int member = 0; member < 100'000; ++member) lines += "users:" + std::to_string(member) + "|s\n";
  values.take_all(lines, seconds(1));
  EXPECT_EQ(values.counts().beyond_limit, 0u);
  values.take_all("users:7|s\nusers:new|s\n", seconds(9));
  EXPECT_EQ(values.counts().beyond_limit, 1u) << "the new one";
  EXPECT_EQ(values_of(values, seconds(11)), "users 1\n") << "7 came once more";
}

TEST(PushedValues, BadLinesAreCountedAndTheLastIsTold) {
  PushedValues values(100);
  values.take_all("gague x 1\nx:y|c\nphase load begin\nok:1|c", seconds(1));
  EXPECT_EQ(values.counts().bad_lines, 3u);
  EXPECT_EQ(values.counts().lines, 1u);
  EXPECT_EQ(values.last_error(),
            "'phase load begin': column 1: phases and events belong to a run; the daemon takes gauges and "
            "counters");
}

TEST(PushedValues, AreBoundedAndForgotten) {
  PushedValues values(2);
  values.take_all("a:1|c\nb:1|c\nc:1|c\na:1|g", seconds(1));
  EXPECT_EQ(values.counts().beyond_limit, 1u);
  EXPECT_EQ(values.counts().other_kind, 1u);
  EXPECT_EQ(values_of(values, seconds(1)), "a 1\nb 1\n");
  values.take_all("b:1|c", seconds(3700));
  EXPECT_EQ(values_of(values, seconds(3700)), "b 2\n");
}

}  // namespace
}  // namespace ullage::sense
