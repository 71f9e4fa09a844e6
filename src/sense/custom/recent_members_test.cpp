// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/recent_members.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>

namespace ullage::sense {
namespace {

using namespace std::chrono_literals;

TEST(RecentMembers, AreCountedOnceAndForTenSeconds) {
  RecentMembers members;
  EXPECT_EQ(members.count(100s), 0u);
  members.add(1, 100s);
  members.add(2, 100s);
  members.add(1, 100500ms);
  EXPECT_EQ(members.count(100900ms), 2u) << "at once";
  members.add(1, 105s);
  EXPECT_EQ(members.count(109s), 2u);
  EXPECT_EQ(members.count(110s), 1u) << "2 came ten seconds ago";
  EXPECT_EQ(members.count(115s), 0u);
  members.add(2, 120s);
  EXPECT_EQ(members.count(120s), 1u);
}

TEST(RecentMembers, TakeNoRoomOnceTheyAreOld) {
  RecentMembers members;
  for (std::size_t member = 0; member < 1000; ++member) members.add(member, 100s);
  members.add(7, 105s);
  members.sweep(111s);
  EXPECT_EQ(members.held(), 1u);
  EXPECT_TRUE(members.holds(7));
  EXPECT_FALSE(members.holds(8));
  EXPECT_EQ(members.count(111s), 1u);
  members.sweep(200s);
  EXPECT_EQ(members.held(), 0u);
}

}  // namespace
}  // namespace ullage::sense
