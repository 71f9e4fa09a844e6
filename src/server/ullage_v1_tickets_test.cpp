// SPDX-License-Identifier: Apache-2.0
#include "server/ullage_v1_tickets.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ullage::server {
namespace {

using std::chrono::minutes;

TEST(Tickets, LetInToOnePageForTenMinutes) {
  Tickets tickets;
  const std::string ticket = tickets.issue("run-a", minutes(0));
  EXPECT_EQ(ticket.size(), 64u);
  EXPECT_TRUE(tickets.admit("run-a", ticket, minutes(9)));
  EXPECT_TRUE(tickets.admit("run-a", ticket, minutes(9))) << "a page may be loaded again";
  EXPECT_FALSE(tickets.admit("run-b", ticket, minutes(9)));
  EXPECT_FALSE(tickets.admit("run-a", ticket, minutes(10)));
  EXPECT_FALSE(tickets.admit("run-a", "", minutes(1)));
  EXPECT_FALSE(tickets.admit("run-a", ticket.substr(1), minutes(1)));
}

TEST(Tickets, AreAllDifferentAndTheOldestGo) {
  Tickets tickets;
  const std::string first = tickets.issue("run", minutes(0));
  std::string last;
  for (int i = 0; i < 1000; ++i) last = tickets.issue("run", minutes(1));
  EXPECT_NE(first, last);
  EXPECT_FALSE(tickets.admit("run", first, minutes(2)));
  EXPECT_TRUE(tickets.admit("run", last, minutes(2)));
}

}  // namespace
}  // namespace ullage::server
