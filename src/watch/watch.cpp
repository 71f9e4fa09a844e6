// SPDX-License-Identifier: Apache-2.0
#include "watch/watch.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "metric/live_series.h"
#include "watch/collecting.h"
#include "watch/keeper.h"

namespace ullage::watch {

namespace {

constexpr std::int64_t kTidyEveryMs = 60'000;
// A series that comes back within this keeps its place; the history forgets after ten minutes.
constexpr std::int64_t kForgottenAfterMs = 300'000;

}  // namespace

Watch::Watch(std::vector<Source> sources, std::size_t series_max, Keeper* keeper, const Clock& clock)
    : clock_(clock), collecting_(std::move(sources), clock), live_(series_max), keeper_(keeper) {}

void Watch::look(std::int64_t time_ms) {
  const std::chrono::nanoseconds begin = clock_.monotonic();
  live_.begin(time_ms);
  collecting_.collect(time_ms, live_);
  if (keeper_ != nullptr) keeper_->keep(live_);
  if (forwarder_ != nullptr) forwarder_->forward(live_);
  // A clock that was set back or forward must neither forget all nor keep all.
  if (std::abs(time_ms - tidied_ms_) >= kTidyEveryMs) {
    live_.forget_before(time_ms - kForgottenAfterMs);
    tidied_ms_ = time_ms;
  }
  ++counts_.ticks;
  counts_.last_duration_seconds = to_seconds(clock_.monotonic() - begin);
}

std::int64_t next_tick_ms(std::int64_t now_ms, std::int64_t interval_ms) {
  return (now_ms / interval_ms + 1) * interval_ms;
}

}  // namespace ullage::watch
