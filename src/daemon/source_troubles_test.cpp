// SPDX-License-Identifier: Apache-2.0
#include "daemon/source_troubles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "sense/custom/custom_reading.h"

namespace ullage::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using std::chrono::seconds;

std::vector<std::string> texts(const std::vector<SourceTroubles::Word>& words) {
  std::vector<std::string> all;
  for (const auto& word : words) all.push_back((word.is_bad ? "! " : "  ") + word.text);
  return all;
}

std::vector<SourceTroubles::Word> look(SourceTroubles& troubles,
                                       const std::vector<sense::SourceProblem>& problems,
                                       seconds now = seconds(0)) {
  return troubles.look(problems, {}, now);
}

TEST(SourceTroubles, AreToldOnceWhenTheyBeginAndOnceWhenTheyEnd) {
  SourceTroubles troubles;
  EXPECT_THAT(look(troubles, {}), IsEmpty());
  EXPECT_THAT(texts(look(troubles, {{"exec:a", "did not end"}})),
              ElementsAre("! exec:a is down: did not end"));
  EXPECT_THAT(look(troubles, {{"exec:a", "did not end, again"}}), IsEmpty());
  EXPECT_THAT(texts(look(troubles, {{"exec:a", "did not end"}, {"scrape:b", "no \x1b answer"}})),
              ElementsAre("! scrape:b is down: no \\x1b answer"));
  EXPECT_THAT(texts(look(troubles, {{"scrape:b", "no answer"}})), ElementsAre("  exec:a is no longer down"));
  EXPECT_THAT(texts(look(troubles, {})), ElementsAre("  scrape:b is no longer down"));
  EXPECT_THAT(look(troubles, {}), IsEmpty());
}

// As after a reload, which makes sources anew.
TEST(SourceTroubles, OfASourceThatIsNotReadYetTheWordBeforeHolds) {
  SourceTroubles troubles;
  const std::vector<sense::SourceProblem> problems = {
      {"exec:a", "no"}, {"scrape:j/h:80", "no"}, {"textfile:/a.prom", "no"}};
  EXPECT_EQ(look(troubles, problems).size(), 3u);
  EXPECT_THAT(troubles.look({}, {"executables", "scrape:j/h:80", "textfile"}, seconds(1)), IsEmpty());
  EXPECT_THAT(texts(troubles.look({{"exec:a", "no"}}, {"scrape:j/h:8"}, seconds(2))),
              ElementsAre("  scrape:j/h:80 is no longer down", "  textfile:/a.prom is no longer down"));
  EXPECT_THAT(troubles.look({}, {"exec:a"}, seconds(3)), IsEmpty());
  EXPECT_THAT(texts(look(troubles, {}, seconds(4))), ElementsAre("  exec:a is no longer down"));
}

TEST(SourceTroubles, OneThatGoesUpAndDownIsToldOnceAMinute) {
  SourceTroubles troubles;
  const std::vector<sense::SourceProblem> problems = {{"exec:a", "no"}};
  std::vector<std::string> all;
  for (int second = 0; second < 125; ++second)
    for (const std::string& text :
         texts(look(troubles, second % 3 == 0 ? problems : decltype(problems)(), seconds(second))))
      all.push_back(std::to_string(second) + text);
  EXPECT_THAT(all, ElementsAre("0! exec:a is down: no", "1  exec:a is no longer down",
                               "60! exec:a is down: no", "61  exec:a is no longer down",
                               "120! exec:a is down: no", "121  exec:a is no longer down"));
  EXPECT_THAT(look(troubles, problems, seconds(126)), IsEmpty());
  EXPECT_THAT(texts(look(troubles, problems, seconds(181))), ElementsAre("! exec:a is down: no"))
      << "it is down still when it may be told again";
}

TEST(SourceTroubles, OfManyAtOnceTheFirstAreTold) {
  SourceTroubles troubles;
  std::vector<sense::SourceProblem> problems;
  for (int i = 0; i < 300; ++i) problems.push_back({"textfile:/" + std::to_string(i), "broken"});
  const auto words = texts(look(troubles, problems));
  ASSERT_EQ(words.size(), 11u);
  EXPECT_EQ(words.back(), "! 290 more sources are down");
  EXPECT_EQ(texts(look(troubles, {})).back(), "  290 more sources are no longer down");
}

}  // namespace
}  // namespace ullage::daemon
