// SPDX-License-Identifier: Apache-2.0
#include "metric/live_series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "metric/family.h"

namespace ullage::metric {
namespace {

std::vector<std::string> current(LiveSeries& live) {
  std::vector<std::string> lines;
  live.each_current([&](const LiveSeries::Entry& entry) {
    lines.push_back(entry.key.text() + ' ' + std::to_string(static_cast<int>(entry.value)));
  });
  return lines;
}

TEST(LiveSeries, HasTheNewestValueOfEachSeriesOfThisMoment) {
  LiveSeries live(10);
  live.begin(1000);
  live.add("up", 1);
  live.add("disk_bytes", {{"device", "sda"}, {"kind", "read"}}, 10);
  EXPECT_EQ(current(live), (std::vector<std::string>{"up 1", "disk_bytes{device=\"sda\",kind=\"read\"} 10"}));
  live.begin(2000);
  live.add("disk_bytes", {{"kind", "read"}, {"device", "sda"}}, 12);  // the same series, spelt differently
  EXPECT_EQ(current(live), (std::vector<std::string>{"disk_bytes{device=\"sda\",kind=\"read\"} 12"}));
  EXPECT_EQ(live.size(), 2u);
}

TEST(LiveSeries, TakesTheFirstOfTwoValuesAndCountsTheOther) {
  LiveSeries live(10);
  live.begin(1000);
  live.add("up", 1);
  live.add("up", {{"instance", ""}}, 2);  // an empty label is none
  EXPECT_EQ(current(live), std::vector<std::string>{"up 1"});
  EXPECT_EQ(live.duplicates(), 1u);
}

TEST(LiveSeries, ForgetsWhatIsNotSeenAndGivesItsPlaceToAnother) {
  LiveSeries live(2);
  live.begin(1000);
  live.add("a", 1);
  live.add("b", 1);
  live.add("c", 1);
  EXPECT_EQ(live.refused(), 1u);
  const auto birth = [&live] {
    std::uint64_t newest = 0;
    live.each_current([&](const LiveSeries::Entry& entry) { newest = std::max(newest, entry.birth); });
    return newest;
  };
  const std::uint64_t before = birth();
  live.begin(2000);
  live.add("b", 2);
  live.forget_before(2000);
  EXPECT_EQ(live.size(), 1u);
  live.begin(3000);
  live.add("c", 3);
  EXPECT_EQ(current(live), std::vector<std::string>{"c 3"});
  EXPECT_GT(birth(), before) << "a reader of ids can tell that this one is another's now";
}

TEST(LiveSeries, KeepsWhatIsSaidOfAFamilyAsLongAsThereIsOneOfIt) {
  LiveSeries live(10);
  live.begin(1000);
  live.describe({.name = "took_seconds", .kind = FamilyKind::histogram});
  live.describe({.name = "took_seconds", .kind = FamilyKind::histogram, .help = "How long."});
  live.describe({.name = "never_seen"});
  live.add("took_seconds_bucket", {{"le", "1"}}, 1);
  live.forget_before(1000);
  ASSERT_NE(live.family("took_seconds"), nullptr);
  EXPECT_EQ(live.family("took_seconds")->help, "How long.");
  EXPECT_EQ(live.family("never_seen"), nullptr);
  live.begin(2000);
  live.forget_before(2000);
  EXPECT_TRUE(live.families().empty());
}

TEST(LiveSeries, CountsTheSeriesWhoseNamesNeedQuotes) {
  LiveSeries live(10);
  live.begin(1000);
  live.add("my.name", 1);
  live.add("plain", {{"a.b", "c"}}, 1);
  live.add("plain", {{"a", "c.d"}}, 1);
  EXPECT_EQ(live.needing_quotes(), 2u);
  live.begin(2000);
  live.forget_before(2000);
  EXPECT_EQ(live.needing_quotes(), 0u);
}

TEST(LiveSeries, FindsSeriesInWhateverOrderTheyCome) {
  LiveSeries live(10);
  const std::vector<std::vector<std::string>> moments = {{"a", "b", "c", "d"},      {"a", "b", "c", "d"},
                                                         {"a", "c", "d"},           {"d", "b", "a"},
                                                         {"a", "e", "b", "c", "d"}, {"e", "d"}};
  for (std::size_t moment = 0; moment < moments.size(); ++moment) {
    live.begin(static_cast<std::int64_t>(moment) * 1000);
    std::vector<std::string> expected;
    for (const std::string& name : moments[moment]) {
      live.add(name, {{"moment", "any"}}, static_cast<double>(moment));
      expected.push_back(name + "{moment=\"any\"} " + std::to_string(moment));
    }
    EXPECT_EQ(current(live), expected);
    if (moment == 2) live.forget_before(2000);  // b, whose place another gets
  }
  EXPECT_EQ(live.size(), 5u);
  EXPECT_EQ(live.duplicates(), 0u);
}

TEST(LiveSeries, TellsSeriesApartByAnyByte) {
  for (std::size_t size = 1; size < 40; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      LiveSeries live(10);
      const std::string before(size, 'a');
      std::string after = before;
      after[at] = 'b';
      live.begin(1000);
      live.add("up", {{"host", before}}, 1);
      live.begin(2000);
      live.add("up", {{"host", after}}, 2);
      ASSERT_EQ(live.size(), 2u) << size << " bytes, another at " << at;
    }
}

}  // namespace
}  // namespace ullage::metric
