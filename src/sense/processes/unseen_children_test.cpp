// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/unseen_children.h"

#include <gtest/gtest.h>

#include <chrono>

#include "sense/processes/process_row.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;

ResourceUse user(double user_seconds) { return {.user_seconds = user_seconds}; }

double settled(UnseenChildren& children, int second, double most_seconds = 100) {
  double sum = 0;
  for (const auto& left : children.settle(most_seconds, seconds(second))) sum += left.used.user_seconds;
  return sum;
}

TEST(UnseenChildren, AreWhatACreditHasBeyondThoseThatWereSeen) {
  UnseenChildren children;
  children.credit(10, user(3));
  children.end(10, user(2.5), seconds(0));
  EXPECT_EQ(settled(children, 0), 0);
  EXPECT_DOUBLE_EQ(settled(children, 1), 0.5);
  EXPECT_EQ(settled(children, 2), 0);
}

TEST(UnseenChildren, AnEndThatIsSeenAfterTheCreditCountsToo) {
  UnseenChildren children;
  children.credit(10, user(36'000));
  settled(children, 0);
  children.end(10, user(36'000), seconds(1));
  EXPECT_EQ(settled(children, 1), 0);
}

TEST(UnseenChildren, TheCreditOfAnOrphanMayGoToAnybody) {
  UnseenChildren children;
  children.end(UnseenChildren::kNobody, user(5), seconds(0));
  children.credit(1, user(5.25));
  settled(children, 0);
  EXPECT_DOUBLE_EQ(settled(children, 1), 0.25);
}

TEST(UnseenChildren, TheEndOfAChildIsTakenOffItsOwnParentsCreditOnly) {
  UnseenChildren children;
  children.credit(10, user(1));
  settled(children, 0);
  children.credit(20, user(7));
  children.end(20, user(7), seconds(1));
  EXPECT_EQ(settled(children, 1), 1);
  EXPECT_EQ(settled(children, 2), 0);
}

TEST(UnseenChildren, AreNeverMoreThanTheProcessorsCanHaveDone) {
  UnseenChildren children;
  children.credit(10, user(500));
  settled(children, 0);
  EXPECT_DOUBLE_EQ(settled(children, 1, 2), 2);
}

TEST(UnseenChildren, AChildThatNobodyWaitsForDoesNotHideOthersForEver) {
  UnseenChildren children;
  children.end(10, user(5), seconds(0));
  settled(children, 0);
  settled(children, 20);
  children.credit(10, user(1));
  settled(children, 21);
  EXPECT_DOUBLE_EQ(settled(children, 22), 1);
}

}  // namespace
}  // namespace ullage::sense
