// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/periodic_source.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryMax(60'000);
constexpr milliseconds kOverdueMin(30'000);
constexpr milliseconds kEndWaitMax(2'000);

// Of all sources together: who has seen an edition has seen no other source's.
std::uint64_t next_edition() {
  static std::atomic<std::uint64_t> newest{0};
  return ++newest;
}

}  // namespace

milliseconds retry_after(milliseconds interval, int failures) {
  const milliseconds later = interval * (1LL << std::clamp(failures, 0, 10));
  return std::max(interval, std::min(later, kRetryMax));
}

struct PeriodicSource::Shared {
  Shared(const Clock& the_clock, Work the_work) : clock(the_clock), work(std::move(the_work)) {}

  void run(milliseconds interval) {
    const std::stop_token token = stop.get_token();
    int failures = 0;
    std::uint64_t edition = 0;
    while (!token.stop_requested()) {
      const std::chrono::nanoseconds begin = clock.monotonic();
      {
        const std::scoped_lock lock(mutex);
        begun = begin;
        is_working = true;
      }
      CustomReading reading = work(token);
      const std::chrono::nanoseconds took = clock.monotonic() - begin;
      reading.duration_seconds = to_seconds(took);
      reading.time_ms = clock.wall_ms();
      if (!reading.is_as_before || edition == 0) edition = next_edition();
      reading.edition = edition;
      failures = reading.error.empty() ? 0 : failures + 1;
      std::unique_lock lock(mutex);
      newest = std::make_shared<const CustomReading>(std::move(reading));
      is_working = false;
      const auto rest = retry_after(interval, failures) - std::chrono::duration_cast<milliseconds>(took);
      changed.wait_for(lock, token, std::max(rest, milliseconds(1)), [] { return false; });
    }
    const std::scoped_lock lock(mutex);
    has_ended = true;
    changed.notify_all();
  }

  const Clock& clock;
  const Work work;
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::chrono::nanoseconds begun{0};
  bool is_working = false, has_ended = false;
  std::shared_ptr<const CustomReading> newest;
};

PeriodicSource::PeriodicSource(std::string name, milliseconds interval, const Clock& clock, Work work)
    : name_(std::move(name)), interval_(interval), shared_(std::make_shared<Shared>(clock, std::move(work))) {
  std::thread([shared = shared_, interval] { shared->run(interval); }).detach();
}

PeriodicSource::~PeriodicSource() {
  if (!shared_) return;
  request_stop();
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait_for(lock, kEndWaitMax, [&] { return shared_->has_ended; });
}

void PeriodicSource::request_stop() { shared_->stop.request_stop(); }

void PeriodicSource::abandon() {
  request_stop();
  shared_.reset();
}

std::shared_ptr<const CustomReading> PeriodicSource::newest() const {
  const std::scoped_lock lock(shared_->mutex);
  const auto working_for = shared_->clock.monotonic() - shared_->begun;
  if (!shared_->is_working || working_for < std::max(kOverdueMin, interval_ * 3)) return shared_->newest;
  auto overdue = std::make_shared<CustomReading>();
  overdue->error = "what is read does not answer";
  overdue->duration_seconds = to_seconds(working_for);
  return overdue;
}

}  // namespace ullage::sense
