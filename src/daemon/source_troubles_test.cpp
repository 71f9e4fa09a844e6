// SPDX-License-Identifier: Apache-2.0
#include "daemon/source_troubles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sense/custom/custom_reading.h"

namespace ullage::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const std::vector<SourceTroubles::Word>& words) {
  std::vector<std::string> all;
  for (const auto& word : words) all.push_back((word.is_bad ? "! " : "  ") + word.text);
  return all;
}

TEST(SourceTroubles, AreToldOnceWhenTheyBeginAndOnceWhenTheyEnd) {
  SourceTroubles troubles;
  EXPECT_THAT(troubles.look({}), IsEmpty());
  EXPECT_THAT(texts(troubles.look({{"exec:a", "did not end"}})),
              ElementsAre("! exec:a is down: did not end"));
  EXPECT_THAT(troubles.look({{"exec:a", "did not end, again"}}), IsEmpty());
  EXPECT_THAT(texts(troubles.look({{"exec:a", "did not end"}, {"scrape:b", "no \x1b answer"}})),
              ElementsAre("! scrape:b is down: no \\x1b answer"));
  EXPECT_THAT(texts(troubles.look({{"scrape:b", "no answer"}})), ElementsAre("  exec:a is no longer down"));
  EXPECT_THAT(texts(troubles.look({})), ElementsAre("  scrape:b is no longer down"));
  EXPECT_THAT(troubles.look({}), IsEmpty());
}

TEST(SourceTroubles, OfManyAtOnceTheFirstAreTold) {
  SourceTroubles troubles;
  std::vector<sense::SourceProblem> problems;
  for (int i = 0; i < 300; ++i) problems.push_back({"textfile:/" + std::to_string(i), "broken"});
  const auto words = texts(troubles.look(problems));
  ASSERT_EQ(words.size(), 11u);
  EXPECT_EQ(words.back(), "! 290 more sources are down");
  EXPECT_EQ(texts(troubles.look({})).back(), "  290 more sources are no longer down");
}

}  // namespace
}  // namespace ullage::daemon
