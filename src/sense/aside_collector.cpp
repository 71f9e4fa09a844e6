// SPDX-License-Identifier: Apache-2.0
#include "sense/aside_collector.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "metric/frame.h"
#include "metric/series.h"
#include "sense/collector.h"

namespace ullage::sense {

namespace {

constexpr std::chrono::milliseconds kFirstWait{20};
// Longer than this many readings should take, and what was read last says nothing of now.
constexpr int kReadingsMissedMax = 3;
constexpr int kTicksMissedMin = 10;

// A reading kept, to be given again.
class Reading final : public metric::Frame {
 public:
  void add(std::string_view name, std::span<const metric::LabelView> labels, double value) override {
    Value& added = values_.emplace_back();
    added.name = name;
    added.value = value;
    for (const metric::LabelView& label : labels)
      added.labels.push_back({std::string(label.name), std::string(label.value)});
  }
  void give(metric::Frame& frame) const {
    std::vector<metric::LabelView> labels;
    for (const Value& kept : values_) {
      labels.clear();
      for (const metric::Label& label : kept.labels) labels.push_back({label.name, label.value});
      frame.add(kept.name, labels, kept.value);
    }
  }
  Result<void> done;

 private:
  struct Value {
    std::string name;
    metric::Labels labels;
    double value = 0;
  };
  std::vector<Value> values_;
};

}  // namespace

struct AsideCollector::Shared {
  explicit Shared(std::unique_ptr<Collector> collector) : inner(std::move(collector)) {}

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return is_asked || is_over; });
      if (is_over) return;
      lock.unlock();
      auto reading = std::make_shared<Reading>();
      reading->done = inner->collect(*reading);
      lock.lock();
      newest = std::move(reading);
      is_asked = false;
      changed.notify_all();
    }
  }

  const std::unique_ptr<Collector> inner;  // the thread's alone
  std::mutex mutex;
  std::condition_variable changed;
  bool is_asked = false, is_over = false;
  std::shared_ptr<const Reading> newest;
};

AsideCollector::AsideCollector(std::unique_ptr<Collector> inner, int ticks_a_reading)
    : shared_(std::make_shared<Shared>(std::move(inner))), ticks_a_reading_(ticks_a_reading) {
  std::thread([shared = shared_] { shared->work(); }).detach();
}

AsideCollector::~AsideCollector() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->is_over = true;
  shared_->changed.notify_all();
}

Result<void> AsideCollector::collect(metric::Frame& frame) {
  std::unique_lock lock(shared_->mutex);
  ticks_unanswered_ = shared_->is_asked ? ticks_unanswered_ + 1 : 0;
  if (ticks_until_asked_-- <= 0 && !shared_->is_asked) {
    ticks_until_asked_ = ticks_a_reading_ - 1;
    const bool is_first = shared_->newest == nullptr;
    shared_->is_asked = true;
    shared_->changed.notify_all();
    if (is_first) shared_->changed.wait_for(lock, kFirstWait, [&] { return !shared_->is_asked; });
  }
  const auto newest = shared_->newest;
  lock.unlock();
  if (newest == nullptr) return fail("nothing was read yet");
  if (ticks_unanswered_ > std::max(kReadingsMissedMax * ticks_a_reading_, kTicksMissedMin))
    return fail("what is read does not answer");
  newest->give(frame);
  return newest->done;
}

}  // namespace ullage::sense
