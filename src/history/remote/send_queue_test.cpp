// SPDX-License-Identifier: Apache-2.0
#include "history/remote/send_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "history/open_for_reading.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using testing::HasSubstr;

class SendQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ScratchFolder::make();
    ASSERT_TRUE(made);
    scratch_ = std::move(*made);
    folder_ = scratch_.path() + "/queue";
  }
  SendQueue open(const SendQueueOptions& options = {}) {
    auto queue = SendQueue::open(folder_, options);
    EXPECT_TRUE(queue) << queue.error().text();
    return std::move(*queue);
  }
  // `count` series at a second; series n has the value n + 1000 × second.
  Result<void> put(SendQueue& queue, int second, int count = 3) {
    metric::Tick tick;
    for (int n = 0; n < count; ++n) tick.add(table_.id("x", {{"n", std::to_string(n)}}), n + 1000.0 * second);
    return queue.append(std::int64_t{1000} * second, tick.values, table_);
  }
  // The seconds that can be read, in order, checking each value.
  static std::vector<int> drain(SendQueue& queue, std::size_t samples_max = 1) {
    std::vector<int> seconds;
    while (true) {
      auto batch = queue.read(samples_max);
      EXPECT_TRUE(batch) << batch.error().text();
      if (!batch || !*batch) return seconds;
      for (const QueuedSample& sample : (*batch)->samples) {
        const int second = static_cast<int>(sample.time_ms / 1000);
        if (seconds.empty() || seconds.back() != second) seconds.push_back(second);
        const std::string n((*(*batch)->keys)[sample.series].label("n"));
        EXPECT_EQ(std::to_string(static_cast<int>(sample.value) - 1000 * second), n);
      }
      EXPECT_TRUE(queue.settle());
    }
  }
  std::vector<std::string> segments() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      if (entry.path().extension() == ".segment") names.push_back(entry.path().string());
    std::ranges::sort(names);
    return names;
  }
  static std::vector<int> from_to(int begin, int end) {
    std::vector<int> all;
    for (int i = begin; i < end; ++i) all.push_back(i);
    return all;
  }

  ScratchFolder scratch_;
  std::string folder_;
  metric::SeriesTable table_;
};

TEST_F(SendQueueTest, GivesBackInOrderWhatWasPut) {
  SendQueue queue = open();
  EXPECT_FALSE(*queue.read(10));
  for (int second = 0; second < 50; ++second) ASSERT_TRUE(put(queue, second, 1 + second % 7));
  EXPECT_EQ(drain(queue), from_to(0, 50));
  ASSERT_TRUE(put(queue, 50));
  EXPECT_EQ(queue.samples(), 3u);
  EXPECT_EQ(drain(queue), from_to(50, 51));
  EXPECT_EQ(queue.samples(), 0u);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST_F(SendQueueTest, EveryValueSurvivesBitForBit) {
  SendQueue queue = open();
  const std::vector<std::uint64_t> bits = {
      0, 1, 0x8000000000000000, 0x7ff0000000000002, 0x7ff8000000000001, 0xffffffffffffffff};
  metric::SeriesTable table;
  const metric::SeriesId id = table.id("ü", {{"a\nb", std::string("\xff\0", 2)}});
  for (const std::uint64_t value : bits) {
    const metric::Value values[] = {{id, std::bit_cast<double>(value)}, {id, 7}};
    ASSERT_TRUE(queue.append(-5, values, table));
  }
  const auto batch = queue.read(100);
  ASSERT_TRUE(batch && *batch);
  ASSERT_EQ((*batch)->samples.size(), bits.size()) << "of two samples of a series the first counts";
  for (std::size_t i = 0; i < bits.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>((*batch)->samples[i].value), bits[i]);
    EXPECT_EQ((*batch)->samples[i].time_ms, -5);
  }
  EXPECT_EQ((*batch)->keys->at(0), table.key(id));
}

TEST_F(SendQueueTest, AnIdThatIsForgottenIsAnothersInTheSameSegment) {
  SendQueue queue = open();
  metric::SeriesTable table;
  const metric::SeriesId id = table.id("before");
  const metric::Value value[] = {{id, 1}};
  ASSERT_TRUE(queue.append(1, value, table));
  table.forget(id);
  queue.forget(id);
  ASSERT_EQ(table.id("after"), id);
  ASSERT_TRUE(queue.append(2, value, table));
  const auto batch = queue.read(100);
  ASSERT_TRUE(batch && *batch);
  std::vector<std::string> names;
  for (const QueuedSample& sample : (*batch)->samples)
    names.push_back((*batch)->keys->at(sample.series).name);
  EXPECT_EQ(names, (std::vector<std::string>{"before", "after"}));
}

TEST_F(SendQueueTest, WhatWasNotSettledComesAgainAfterARestart) {
  {
    SendQueue queue = open({.bytes_max = 1u << 30, .segment_bytes = 400});
    for (int second = 0; second < 30; ++second) ASSERT_TRUE(put(queue, second));
    for (int reads = 0; reads < 8; ++reads) {
      ASSERT_TRUE(*queue.read(1));
      if (reads < 7) {
        ASSERT_TRUE(queue.settle());
      }
    }
  }
  EXPECT_GT(segments().size(), 2u);
  SendQueue queue = open();
  EXPECT_EQ(queue.samples(), 3u * 23);
  ASSERT_TRUE(put(queue, 30));
  EXPECT_EQ(drain(queue), from_to(7, 31));
  EXPECT_FALSE(SendQueue::open(folder_)) << "one process a folder";
}

TEST_F(SendQueueTest, SegmentsThatAreDoneWithGo) {
  SendQueue queue = open({.bytes_max = 1u << 30, .segment_bytes = 300});
  for (int second = 0; second < 100; ++second) {
    ASSERT_TRUE(put(queue, second));
    EXPECT_EQ(drain(queue), from_to(second, second + 1));
    EXPECT_LE(segments().size(), 2u);
  }
}

TEST_F(SendQueueTest, AFullQueueLosesItsOldestAndCountsThem) {
  SendQueue queue = open({.bytes_max = 2000, .segment_bytes = 300});
  for (int second = 0; second < 200; ++second) ASSERT_TRUE(put(queue, second));
  EXPECT_LE(queue.bytes(), 2000u);
  const std::vector<int> left = drain(queue);
  ASSERT_FALSE(left.empty());
  EXPECT_EQ(left, from_to(left.front(), 200));
  EXPECT_EQ(queue.crowded_samples(), 3u * static_cast<unsigned>(left.front()));
}

TEST_F(SendQueueTest, AFileCutAnywhereGivesTheRecordsBeforeTheCut) {
  {
    SendQueue queue = open();
    for (int second = 0; second < 4; ++second) ASSERT_TRUE(put(queue, second));
  }
  const std::string path = segments().at(0);
  const auto whole = read_file(path);
  ASSERT_TRUE(whole);
  std::size_t most = 0;
  for (std::size_t size = 0; size <= whole->size(); ++size) {
    ASSERT_TRUE(replace_file(path, whole->substr(0, size)));
    SendQueue queue = open();
    const std::vector<int> seconds = drain(queue);
    EXPECT_EQ(seconds, from_to(0, static_cast<int>(seconds.size())));
    EXPECT_GE(seconds.size(), most);
    most = seconds.size();
    std::filesystem::remove(folder_ + "/settled");
  }
  EXPECT_EQ(most, 4u);
}

TEST_F(SendQueueTest, AFlippedByteIsNeverAWrongValue) {
  {
    SendQueue queue = open();
    for (int second = 0; second < 4; ++second) ASSERT_TRUE(put(queue, second));
  }
  const std::string path = segments().at(0);
  const auto whole = read_file(path);
  ASSERT_TRUE(whole);
  for (std::size_t at = 0; at < whole->size(); ++at) {
    std::string flipped = *whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    ASSERT_TRUE(replace_file(path, flipped));
    auto queue = SendQueue::open(folder_);
    if (!queue) {
      EXPECT_THAT(queue.error().text(), HasSubstr("newer Ullage"));
      continue;
    }
    const std::vector<int> seconds = drain(*queue);
    EXPECT_EQ(seconds, from_to(0, static_cast<int>(seconds.size()))) << at;
    EXPECT_GT(queue->damaged_bytes(), 0u) << at;
    ASSERT_TRUE(put(*queue, 9));
    EXPECT_EQ(drain(*queue), from_to(9, 10)) << "and it goes on";
    for (const std::string& segment : segments()) std::filesystem::remove(segment);
    std::filesystem::remove(folder_ + "/settled");
  }
}

TEST_F(SendQueueTest, ADamagedNoteOfWhatIsSettledMeansAllOnceMore) {
  {
    SendQueue queue = open();
    ASSERT_TRUE(put(queue, 0));
    ASSERT_TRUE(put(queue, 1));
    ASSERT_TRUE(*queue.read(1));
    ASSERT_TRUE(queue.settle());
  }
  ASSERT_TRUE(replace_file(folder_ + "/settled", std::string(24, 'x')));
  SendQueue queue = open();
  EXPECT_EQ(drain(queue), from_to(0, 2));
}

TEST_F(SendQueueTest, WithoutRoomOnTheDiskNothingIsHalfWritten) {
  SendQueue queue = open();
  ASSERT_TRUE(put(queue, 0));
  // A limit on the size of files stands in for a full disk.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const old = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{std::filesystem::file_size(segments().at(0)) + 20, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto refused = put(queue, 1, 5);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("cannot write"));
  ASSERT_TRUE(put(queue, 2, 5));
  EXPECT_EQ(drain(queue), (std::vector<int>{0, 2}));
  EXPECT_EQ(queue.damaged_bytes(), 0u);
}

}  // namespace
}  // namespace ullage::history
