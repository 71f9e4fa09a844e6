// SPDX-License-Identifier: Apache-2.0
#include "sense/aside_collector.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/collector_fixture.h"

namespace ullage::sense {
namespace {

// A sensor that answers when it is let.
class Sensor final : public Collector {
 public:
  Sensor(std::shared_future<void> may_answer, std::shared_ptr<std::atomic<int>> readings)
      : may_answer_(std::move(may_answer)), readings_(std::move(readings)) {}
  Result<void> collect(metric::Frame& frame) override {
    may_answer_.wait();
    frame.add("readings", {{"of", "sensor"}}, ++*readings_);
    return *readings_ < 3 ? Result<void>() : fail("worn out");
  }

 private:
  std::shared_future<void> may_answer_;
  std::shared_ptr<std::atomic<int>> readings_;
};

// Collects until the lines are these; false when they do not come for ten seconds.
bool becomes(Collector& collector, const std::string& lines) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (collect_lines(collector) == lines) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(AsideCollector, GivesTheNewestFinishedReading) {
  std::promise<void> open;
  open.set_value();
  const auto readings = std::make_shared<std::atomic<int>>(0);
  AsideCollector collector(std::make_unique<Sensor>(open.get_future().share(), readings), 3);
  ASSERT_TRUE(becomes(collector, "readings{of=\"sensor\"} 1\n"));
  // The error of a reading, too.
  ASSERT_TRUE(becomes(collector, "readings{of=\"sensor\"} 3\nerror: worn out\n"));
}

// Answers once.
class Stuck final : public Collector {
 public:
  explicit Stuck(std::shared_future<void> released) : released_(std::move(released)) {}
  Result<void> collect(metric::Frame& frame) override {
    if (is_read_) released_.wait();
    is_read_ = true;
    frame.add("reading", 1);
    return {};
  }

 private:
  std::shared_future<void> released_;
  bool is_read_ = false;
};

TEST(AsideCollector, DoesNotGiveOldValuesForEver) {
  std::promise<void> release;
  {
    AsideCollector collector(std::make_unique<Stuck>(release.get_future().share()), 1);
    ASSERT_TRUE(becomes(collector, "reading 1\n"));
    EXPECT_TRUE(becomes(collector, "error: what is read does not answer\n"));
  }
  release.set_value();
}

TEST(AsideCollector, DoesNotWaitForAReadingThatHangs) {
  std::promise<void> release;
  const auto readings = std::make_shared<std::atomic<int>>(0);
  {
    AsideCollector collector(std::make_unique<Sensor>(release.get_future().share(), readings), 1);
    EXPECT_EQ(collect_lines(collector), "error: nothing was read yet\n");
    EXPECT_EQ(collect_lines(collector), "error: nothing was read yet\n");
  }
  release.set_value();
}

}  // namespace
}  // namespace ullage::sense
