// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/top_choice.h"

#include <gtest/gtest.h>

#include <vector>

namespace ullage::sense {
namespace {

using Choice = TopChoice<int>;

std::vector<int> choose(Choice& choice, std::vector<Choice::Candidate> candidates) {
  return choice.choose(candidates);
}

TEST(TopChoice, TakesTheHeaviest) {
  Choice choice(2);
  EXPECT_EQ(choose(choice, {{1, 5}, {2, 1}, {3, 9}}), (std::vector{1, 3}));
  EXPECT_EQ(choose(choice, {{1, 5}}), (std::vector{1}));
}

TEST(TopChoice, WhatWasChosenStaysALittleLonger) {
  Choice choice(4);
  EXPECT_EQ(choose(choice, {{1, 9}, {2, 8}, {3, 7}, {4, 6}, {5, 5}}), (std::vector{1, 2, 3, 4}));
  // Fifth now, which is within the margin of a quarter.
  EXPECT_EQ(choose(choice, {{1, 9}, {2, 8}, {3, 7}, {4, 6}, {5, 6.5}}), (std::vector{1, 2, 3, 4, 5}));
  // Sixth is not.
  EXPECT_EQ(choose(choice, {{1, 9}, {2, 8}, {3, 7}, {4, 6}, {5, 6.5}, {6, 6.4}}), (std::vector{1, 2, 3, 5}));
}

TEST(TopChoice, WhatHasNoWeightIsNotChosenThoughThereIsRoom) {
  Choice choice(3);
  EXPECT_EQ(choose(choice, {{1, 0}, {2, 1}, {3, -4}}), (std::vector{2}));
}

TEST(TopChoice, OfEqualsTheChoiceDoesNotDependOnTheirOrder) {
  Choice choice(2);
  EXPECT_EQ(choose(choice, {{3, 1}, {2, 1}, {1, 1}}), (std::vector{1, 2}));
  EXPECT_EQ(choose(choice, {{1, 1}, {3, 1}, {2, 1}}), (std::vector{1, 2}));
}

}  // namespace
}  // namespace ullage::sense
