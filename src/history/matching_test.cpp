// SPDX-License-Identifier: Apache-2.0
#include "history/matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "history/block.h"
#include "history/gaps.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/store/dictionary.h"
#include "history/store/packed_key.h"
#include "history/text_pattern.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using Kind = Matcher::Kind;

bool holds(const std::vector<Matcher>& matchers, const metric::SeriesKey& key) {
  auto matching = Matching::compile(matchers);
  EXPECT_TRUE(matching) << matching.error().text();
  const bool alone = matching->holds(key);
  // A file's dictionary says the same.
  Dictionary dictionary;
  dictionary.add_unknown(1);
  dictionary.add({"other", {{"unrelated", "1"}}});
  dictionary.add(key);
  const auto found = dictionary.matching(*matching);
  EXPECT_EQ(std::ranges::count(found, metric::SeriesId{2}) > 0, alone);
  EXPECT_EQ(dictionary.key(2), key);
  return alone;
}

const metric::SeriesKey kKey{"up", {{"instance", "a:9100"}, {"job", "node"}}};

TEST(Matching, AnAbsentLabelIsAsAnEmptyOne) {
  EXPECT_TRUE(holds({{"job", Kind::equal, "node"}, {"__name__", Kind::equal, "up"}}, kKey));
  EXPECT_FALSE(holds({{"job", Kind::not_equal, "node"}}, kKey));
  EXPECT_TRUE(holds({{"zone", Kind::equal, ""}}, kKey));
  EXPECT_FALSE(holds({{"zone", Kind::not_equal, ""}}, kKey));
  EXPECT_TRUE(holds({{"zone", Kind::regex, "|a"}}, kKey));
  EXPECT_FALSE(holds({{"zone", Kind::regex, ".+"}}, kKey));
  EXPECT_TRUE(holds({{"zone", Kind::not_regex, ".+"}}, kKey));
  EXPECT_TRUE(holds({}, kKey));
}

TEST(Matching, FindsTheFewAmongManyAlsoWhenMoreCome) {
  Dictionary dictionary;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i)
      dictionary.add({"n", {{"i", std::to_string(i)}, {"round", std::to_string(round)}}});
    const auto found = [&](const std::vector<Matcher>& matchers) {
      return dictionary.matching(*Matching::compile(matchers)).size();
    };
    const auto rounds = static_cast<std::size_t>(round) + 1;
    EXPECT_EQ(found({{"__name__", Kind::equal, "n"}, {"i", Kind::equal, "7"}}), rounds);
    EXPECT_EQ(found({{"round", Kind::equal, std::to_string(round)}, {"i", Kind::regex, "7."}}), 10u);
    EXPECT_EQ(found({{"i", Kind::regex, "7|8|x"}}), 2 * rounds);
    EXPECT_EQ(found({{"i", Kind::regex, "7.*"}, {"round", Kind::not_equal, "0"}}), 11 * (rounds - 1));
    EXPECT_EQ(found({{"i", Kind::equal, "7"}, {"i", Kind::equal, "8"}}), 0u);
    EXPECT_EQ(found({{"i", Kind::equal, "100"}}), 0u);
    EXPECT_EQ(found({{"j", Kind::equal, ""}, {"i", Kind::not_equal, "7"}}), rounds * 99);
  }
}

TEST(Matching, RegularExpressionsAreAnchored) {
  EXPECT_FALSE(holds({{"job", Kind::regex, "od"}}, kKey));
  EXPECT_TRUE(holds({{"job", Kind::regex, ".*od.*"}}, kKey));
  EXPECT_TRUE(holds({{"job", Kind::regex, "x|node"}}, kKey));
  EXPECT_FALSE(holds({{"job", Kind::regex, "no|x"}}, kKey));
  EXPECT_FALSE(holds({{"job", Kind::not_regex, "n.de"}}, kKey));
  EXPECT_TRUE(holds({{"l", Kind::regex, "a.b"}}, {"x", {{"l", "a\nb"}}}));
}

TEST(Matching, TextsWithAnythingAmongThemNeedNoMachine) {
  const auto is_pattern = [](const char* text) { return TextPattern::parse(text).has_value(); };
  for (const char* text : {"", "a", "a.*", ".+", "a.*b.+c", "a|b.*", "(a|b)", "a\\.b", ".*.+", "|", "a b"})
    EXPECT_TRUE(is_pattern(text)) << text;
  for (const char* text : {"a.b", "a*", ".*?", "(?i)a", "(a)|(b)", "a(b|c)", "[ab]", "a\\d", "a\\", "^a$",
                           "(a", "a)", "\xc3\xa9", "a\n", "a{2}"})
    EXPECT_FALSE(is_pattern(text)) << text;
  EXPECT_THAT(TextPattern::parse("b|a|b")->values(), testing::ElementsAre("a", "b"));
  EXPECT_THAT(TextPattern::parse("b|a.*")->values(), testing::IsEmpty());
  EXPECT_FALSE(TextPattern::parse("ab.*ba")->holds("aba")) << "the same letter does not count twice";
  EXPECT_FALSE(TextPattern::parse("a.+a")->holds("aa"));
  EXPECT_TRUE(TextPattern::parse("a.*b.+c")->holds("abbc"));
}

RC_GTEST_PROP(Matching, APatternSaysWhatRe2Says, ()) {
  const auto text_of = [](const std::vector<std::string>& some) {
    return std::accumulate(some.begin(), some.end(), std::string());
  };
  const auto parts = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "b", "ab", ".*", ".+", "|", "\\."));
  const auto values =
      *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("a", "b", ".", "ab"));
  const std::string expression = text_of(parts), value = text_of(values);
  const auto pattern = TextPattern::parse(expression);
  RC_ASSERT(pattern.has_value());
  const Matcher by_re2{"l", Kind::regex, "(?:" + expression + ")"};
  RC_ASSERT(pattern->holds(value) == Matching::compile({&by_re2, 1})->holds(0, value));
}

TEST(Matching, AnExpressionThatIsNoneIsAnErrorThatSaysWhere) {
  const auto matching = Matching::compile(std::vector<Matcher>{{"job", Kind::regex, "a("}});
  ASSERT_FALSE(matching);
  EXPECT_THAT(matching.error().text(), testing::HasSubstr("not a regular expression: missing )"));
  EXPECT_THAT(matching.error().text(), testing::HasSubstr("job=~\"a(\""));
}

RC_GTEST_PROP(PackedKey, IsUnpackedToTheSame, (const std::string& name)) {
  metric::SeriesKey key{name, {}};
  const auto labels = *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
      rc::gen::pair(rc::gen::arbitrary<std::string>(), rc::gen::arbitrary<std::string>()));
  for (const auto& [label, value] : labels) key.labels.push_back({label, value});
  RC_ASSERT(unpack_key(pack_key(key)) == key);
}

std::vector<Sample> marked(std::vector<Sample> samples, std::int64_t newest, std::int64_t tick) {
  mark_gaps(samples, newest, tick);
  return samples;
}
std::vector<std::int64_t> markers(std::vector<Sample> samples, std::int64_t newest = 0,
                                  std::int64_t tick = 0) {
  std::vector<std::int64_t> times;
  for (const Sample& sample : marked(std::move(samples), newest, tick))
    if (is_absent(sample.value)) times.push_back(sample.time_ms);
  return times;
}

TEST(Gaps, AreWhereASampleComesThreeTimesTooLate) {
  using testing::ElementsAre;
  using testing::IsEmpty;
  EXPECT_THAT(markers({{10, 1}, {20, 1}, {50, 1}}), IsEmpty());
  EXPECT_THAT(markers({{10, 1}, {20, 1}, {51, 1}, {61, 1}}), ElementsAre(30));
  // One that is measured less often than there are ticks has none.
  EXPECT_THAT(markers({{10, 1}, {110, 1}, {210, 1}}, 400, 10), IsEmpty());
  EXPECT_THAT(markers({{10, 1}, {110, 1}, {210, 1}}, 511, 10), ElementsAre(310));
  // A slower pace is a gap once.
  EXPECT_THAT(markers({{10, 1}, {20, 1}, {120, 1}, {220, 1}, {320, 1}}), ElementsAre(30));
  // A single sample is measured against the ticks.
  EXPECT_THAT(markers({{10, 1}}, 41, 10), ElementsAre(20));
  EXPECT_THAT(markers({{10, 1}}, 40, 10), IsEmpty());
  EXPECT_THAT(markers({}, 40, 10), IsEmpty());
}

}  // namespace
}  // namespace ullage::history
