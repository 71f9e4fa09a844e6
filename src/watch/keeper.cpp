// SPDX-License-Identifier: Apache-2.0
#include "watch/keeper.h"

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/history.h"
#include "metric/live_series.h"
#include "metric/series.h"
#include "watch/told_ticks.h"

namespace ullage::watch {

namespace {

// A minute of ticks: what a stalled disk may take without a loss.
constexpr std::size_t kWaitingMax = 60;
constexpr metric::SeriesId kUnknown = UINT32_MAX;

}  // namespace

struct Keeper::Impl {
  explicit Impl(history::HistoryWriter opened) : writer(std::move(opened)) {}

  // The thread's own.
  history::HistoryWriter writer;
  struct Series {
    metric::SeriesKey key;
    metric::SeriesId in_history = kUnknown;
  };
  std::vector<Series> series;  // by id
  metric::Tick translated;

  TickTeller teller;  // the caller's own

  mutable std::mutex mutex;  // of what follows
  std::condition_variable changed;
  std::deque<ToldTick> waiting;
  bool is_writing = false;
  bool is_ending = false;
  KeeperCounts counts;

  std::thread thread;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return is_ending || !waiting.empty(); });
      if (waiting.empty()) break;
      std::deque<ToldTick> taken;
      taken.swap(waiting);
      is_writing = true;
      lock.unlock();
      std::uint64_t samples = 0;
      for (ToldTick& told : taken) samples += append(told);
      const auto flushed = writer.flush();
      const history::HistoryCounts told = writer.counts();
      lock.lock();
      is_writing = false;
      counts.kept_samples += samples;
      counts.failed_flushes += flushed ? 0 : 1;
      counts.error = flushed ? std::string() : flushed.error().text();
      counts.history = told;
      changed.notify_all();
    }
    lock.unlock();
    (void)writer.close();
  }

  std::uint64_t append(ToldTick& told) {
    for (ToldTick::Name& name : told.names) {
      if (name.id >= series.size()) series.resize(name.id + 1);
      series[name.id] = {std::move(name.key), kUnknown};
    }
    translated.clear();
    translated.time_ms = told.tick.time_ms;
    for (const metric::Value& value : told.tick.values) {
      Series& one = series[value.series];
      if (one.in_history == kUnknown || !writer.knows(one.in_history))
        one.in_history = writer.id(one.key).value_or(kUnknown);
      translated.add(one.in_history, value.value);  // an unknown one is counted there
    }
    writer.append(translated);
    return translated.values.size();
  }
};

Keeper::Keeper(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Keeper::Keeper(Keeper&&) noexcept = default;
Keeper& Keeper::operator=(Keeper&&) noexcept = default;
Keeper::~Keeper() {
  if (impl_ == nullptr) return;
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->is_ending = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

Result<Keeper> Keeper::open(const std::string& folder, const history::HistoryOptions& options) {
  auto writer = history::HistoryWriter::open(folder, options);
  if (!writer) return pass_on(writer);
  auto impl = std::make_unique<Impl>(*std::move(writer));
  impl->thread = std::thread([at = impl.get()] { at->work(); });
  ::pthread_setname_np(impl->thread.native_handle(), "history");  // for who asks what it costs apart
  return Keeper(std::move(impl));
}

void Keeper::keep(const metric::LiveSeries& live) {
  ToldTick told = impl_->teller.tell(live);
  {
    const std::scoped_lock lock(impl_->mutex);
    if (impl_->waiting.size() >= kWaitingMax) {
      ++impl_->counts.dropped_ticks;
      impl_->teller.take_back(told);
      return;
    }
    impl_->waiting.push_back(std::move(told));
  }
  impl_->changed.notify_all();
}

void Keeper::wait_until_kept() {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [this] { return impl_->waiting.empty() && !impl_->is_writing; });
}

KeeperCounts Keeper::counts() const {
  const std::scoped_lock lock(impl_->mutex);
  KeeperCounts counts = impl_->counts;
  counts.waiting_ticks = impl_->waiting.size();
  return counts;
}

}  // namespace ullage::watch
