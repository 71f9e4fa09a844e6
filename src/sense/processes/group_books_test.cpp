// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/group_books.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sense/processes/process_row.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;
constexpr std::uint64_t kMiB = 1 << 20;

SharedGroup group(const std::string& name) {
  return std::make_shared<const ProcessGroup>(ProcessGroup{.name = name, .user = "anna", .unit = ""});
}

ProcessRow row(const SharedGroup& of, std::uint64_t resident_mib, double used_seconds = 0) {
  ProcessRow process;
  process.group = of;
  process.sample.threads = 2;
  process.sample.resident_bytes = resident_mib * kMiB;
  process.sample.anonymous_bytes = resident_mib * kMiB / 2;
  process.used.user_seconds = used_seconds;
  return process;
}

const GroupSample* find(const GroupBooks& books, const SharedGroup& of) {
  for (const GroupBooks::Shown& shown : books.shown())
    if (shown.group == of) return shown.sample;
  return nullptr;
}

TEST(GroupBooks, SumTheLiving) {
  const SharedGroup web = group("web"), database = group("db");
  GroupBooks books(10);
  books.take(std::vector<ProcessRow>{row(web, 10), row(database, 100), row(web, 30)}, {}, seconds(0));
  ASSERT_EQ(books.shown().size(), 2u);
  EXPECT_EQ(books.shown()[0].group->name, "db");
  const GroupSample& sample = *find(books, web);
  EXPECT_EQ(sample.processes, 2u);
  EXPECT_EQ(sample.threads, 4u);
  EXPECT_EQ(sample.resident_bytes, 40 * kMiB);
  EXPECT_EQ(sample.anonymous_bytes, 20 * kMiB);
  EXPECT_EQ(sample.largest_process_bytes, 30 * kMiB);
  EXPECT_FALSE(sample.swap_bytes);
  EXPECT_FALSE(sample.is_io_known);
  EXPECT_EQ(books.others().processes, 0u);
}

TEST(GroupBooks, KeepWhatTheEndedHaveUsed) {
  const SharedGroup web = group("web");
  GroupBooks books(10);
  books.take(std::vector<ProcessRow>{row(web, 10, 5), row(web, 10, 7)}, {}, seconds(0));
  EXPECT_EQ(find(books, web)->used.user_seconds, 12);
  const std::vector<EndedProcess> ended = {
      {.group = web, .used = {.user_seconds = 1}, .resident_peak_bytes = 50 * kMiB},
      {.group = web,
       .used = {.user_seconds = 2},
       .resident_peak_bytes = 20 * kMiB,
       .ending = Ending::unseen}};
  books.take(std::vector<ProcessRow>{row(web, 10, 1)}, ended, seconds(1));
  EXPECT_EQ(find(books, web)->used.user_seconds, 16);
  EXPECT_EQ(find(books, web)->deaths, 2u);
  EXPECT_EQ(find(books, web)->births, 1u);
  EXPECT_EQ(find(books, web)->largest_process_bytes, 50 * kMiB);
  books.take({}, {}, seconds(2));
  EXPECT_EQ(find(books, web)->used.user_seconds, 16);
  EXPECT_EQ(find(books, web)->processes, 0u);
  EXPECT_FALSE(find(books, web)->resident_bytes);
}

TEST(GroupBooks, TheRestAreTheOthersAndNothingIsLostOrCountedTwice) {
  std::vector<SharedGroup> groups;
  for (int i = 0; i < 30; ++i) groups.push_back(group("g" + std::to_string(i)));
  GroupBooks books(10);
  std::map<SharedGroup, double> before;  // counters of those shown, as a query would know them
  double others_before = 0;
  for (int second = 0; second < 200; ++second) {
    std::vector<ProcessRow> rows;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      // Sizes that go round, so that groups come into the first and leave them.
      const auto phase = (static_cast<std::uint64_t>(second) / 7 + i * 11) % 30;
      rows.push_back(row(groups[i], 1 + phase, 0.25));
    }
    books.take(rows, {}, seconds(second));
    EXPECT_LE(books.shown().size(), 10u);
    EXPECT_EQ(books.shown().size() + books.groups_in_others(), groups.size());
    double rise = books.others().used.user_seconds - others_before;
    EXPECT_GE(rise, 0);
    std::map<SharedGroup, double> now;
    for (const GroupBooks::Shown& shown : books.shown()) {
      now[shown.group] = shown.sample->used.user_seconds;
      EXPECT_GE(now[shown.group], before[shown.group]);
      rise += now[shown.group] - before[shown.group];
    }
    EXPECT_NEAR(rise, 0.25 * static_cast<double>(groups.size()), 1e-6) << second;
    others_before = books.others().used.user_seconds;
    before.swap(now);
  }
}

TEST(GroupBooks, CountersOfAGroupDoNotFallWhileItIsShown) {
  const SharedGroup steady = group("steady");
  GroupBooks books(5);
  double before = 0;
  for (int second = 0; second < 100; ++second) {
    std::vector<ProcessRow> rows = {row(steady, 500, second % 3 == 0 ? 0.5 : 0)};
    for (int i = 0; i < 20; ++i)
      rows.push_back(row(group("brief" + std::to_string(second * 20 + i)), 1, 0.1));
    books.take(rows, {}, seconds(second));
    ASSERT_NE(find(books, steady), nullptr);
    EXPECT_GE(find(books, steady)->used.user_seconds, before);
    before = find(books, steady)->used.user_seconds;
  }
  EXPECT_NEAR(before, 17, 1e-9);
}

TEST(GroupBooks, AGroupOfShortLivedProcessesStaysForAWhile) {
  const SharedGroup job = group("job"), other = group("other");
  GroupBooks books(10);
  const std::vector<ProcessRow> rows = {row(other, 10)};
  books.take(rows,
             std::vector<EndedProcess>{{.group = job, .used = {.user_seconds = 3}, .ending = Ending::unseen}},
             seconds(0));
  ASSERT_NE(find(books, job), nullptr);
  books.take(rows, {}, seconds(200));
  EXPECT_NE(find(books, job), nullptr);
  EXPECT_EQ(find(books, job)->used.user_seconds, 3);
  books.take(rows, {}, seconds(400));
  EXPECT_EQ(find(books, job), nullptr);
}

TEST(GroupBooks, ProportionalMemoryIsAbsentUntilItIsKnownOfAllThatMatter) {
  const SharedGroup web = group("web");
  GroupBooks books(10);
  ProcessRow known = row(web, 10), unknown = row(web, 20), small = row(web, 0);
  known.sample.proportional_bytes = 4 * kMiB;
  small.sample.resident_bytes = 4096;
  books.take(std::vector<ProcessRow>{known, unknown, small}, {}, seconds(0));
  EXPECT_FALSE(find(books, web)->proportional_bytes);
  unknown.sample.proportional_bytes = 5 * kMiB;
  books.take(std::vector<ProcessRow>{known, unknown, small}, {}, seconds(1));
  EXPECT_EQ(find(books, web)->proportional_bytes, 9 * kMiB + 4096);
}

TEST(GroupBooks, WhatGrowsIsAmongTheFirstThoughItIsSmall) {
  std::vector<SharedGroup> groups;
  for (int i = 0; i < 40; ++i) groups.push_back(group("g" + std::to_string(i)));
  const SharedGroup leak = group("leak");
  GroupBooks books(10);
  for (int second = 0; second < 180; ++second) {
    std::vector<ProcessRow> rows;
    for (const SharedGroup& of : groups) rows.push_back(row(of, 200));
    rows.push_back(row(leak, 1 + static_cast<std::uint64_t>(second) / 2));
    books.take(rows, {}, seconds(second));
  }
  ASSERT_NE(find(books, leak), nullptr);
  EXPECT_NEAR(*find(books, leak)->growth_bytes_per_minute, 15.0 * kMiB, kMiB);
}

}  // namespace
}  // namespace ullage::sense
