// SPDX-License-Identifier: Apache-2.0
#include "session/memory_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/forecast.h"
#include "base/units.h"

namespace ullage::session {

namespace {

constexpr double kWindowSeconds = 60;
constexpr std::size_t kPoints = 60;
constexpr double kFirstSpacingSeconds = 0.05;
// A trend is believed as far ahead as it has been seen, and further the longer that was: a program that loads
// its data for two seconds is not said to fill the machine in six; a minute's growth tells of four minutes.
double believed_seconds(double seen_seconds) { return seen_seconds * (1 + seen_seconds / 20); }
constexpr double kEased = 0.05;  // a share is said again once use fell this far below it
// Reading a file into memory takes less than this, mostly.
constexpr double kLeastSeenSeconds = 2;
// Growth within the window that is small beside the limit is no reason to wake anybody.
constexpr double kLeastGrowth = 0.02;
// A forecast that is this late was wrong, and one this near is not made more exact.
constexpr double kForecastSlackSeconds = 10;

}  // namespace

MemoryWatch::MemoryWatch(std::vector<double> shares, double horizon_seconds)
    : shares_(std::move(shares)), horizon_seconds_(horizon_seconds), spacing_seconds_(kFirstSpacingSeconds) {
  std::ranges::sort(shares_);
}

std::vector<MemoryWarning> MemoryWatch::look(const MemoryReading& reading) {
  std::vector<MemoryWarning> warnings;
  if (reading.limit_bytes == 0) return warnings;
  const bool is_new_point = keep(reading);
  if (auto warning = look_at_share(reading)) warnings.push_back(*std::move(warning));
  if (!is_new_point) return warnings;
  if (auto warning = look_at_trend(reading)) warnings.push_back(*std::move(warning));
  return warnings;
}

std::optional<double> MemoryWatch::growth_per_second() const {
  const auto trend = analysis::robust_trend(points_);
  if (!trend || trend->slope_low <= 0) return std::nullopt;
  return trend->slope_per_second;
}

// Points start close together, so that a fast leak is seen; as they fill the window every second one goes.
bool MemoryWatch::keep(const MemoryReading& reading) {
  if (!points_.empty() && reading.seconds - points_.back().seconds < spacing_seconds_ * 0.9) return false;
  points_.push_back({reading.seconds, static_cast<double>(reading.used_bytes)});
  if (points_.size() <= kPoints) return true;
  if (spacing_seconds_ * kPoints < kWindowSeconds) {
    std::size_t kept = 0;
    for (std::size_t i = points_.size() % 2 == 0 ? 1 : 0; i < points_.size(); i += 2)
      points_[kept++] = points_[i];
    points_.resize(kept);
    spacing_seconds_ *= 2;
  } else {
    points_.erase(points_.begin());
  }
  return true;
}

std::optional<MemoryWarning> MemoryWatch::look_at_share(const MemoryReading& reading) {
  const double share = static_cast<double>(reading.used_bytes) / static_cast<double>(reading.limit_bytes);
  while (shares_said_ > 0 && share < shares_[shares_said_ - 1] - kEased) --shares_said_;
  const std::size_t reached = std::ranges::upper_bound(shares_, share) - shares_.begin();
  if (reached <= shares_said_) return std::nullopt;
  shares_said_ = reached;
  // A single share is all that was asked for: it is the time to act.
  const bool is_critical = reached > 1 || shares_.size() == 1;
  return MemoryWarning{
      is_critical, fmt::format("memory is at {} of the limit: {} of {} ({})", format_ratio(share),
                               format_bytes(static_cast<double>(reading.used_bytes)),
                               format_bytes(static_cast<double>(reading.limit_bytes)), reading.limit_source)};
}

std::optional<analysis::TimeUntil> MemoryWatch::time_until_limit(const MemoryReading& reading) const {
  if (points_.size() < 8) return std::nullopt;
  const double limit = static_cast<double>(reading.limit_bytes);
  const double seen = points_.back().seconds - points_.front().seconds;
  if (seen < kLeastSeenSeconds) return std::nullopt;
  if (points_.back().value - points_.front().value < limit * kLeastGrowth) return std::nullopt;
  auto until = analysis::time_until(limit, points_);
  // From where memory stands now: the fitted level of a window in which it jumped may be anywhere.
  if (until) until->seconds = std::max(0.0, limit - points_.back().value) / growth_per_second().value_or(1);
  if (!until || until->seconds > horizon_seconds_ || until->seconds > believed_seconds(seen))
    return std::nullopt;
  return until;
}

// A loader's fast growth foretells an end that does not come; the leak after it deserves its own forecast. So
// does growth that quickens.
bool MemoryWatch::is_news(double now_seconds, double left_seconds) const {
  if (!foretold_) return true;
  if (foretold_->has_eased && now_seconds > foretold_->at_seconds + kForecastSlackSeconds) return true;
  const double left_as_foretold = foretold_->limit_seconds - now_seconds;
  if (left_as_foretold < -kForecastSlackSeconds) return true;
  return left_as_foretold > kForecastSlackSeconds && left_seconds < left_as_foretold / 2;
}

std::optional<MemoryWarning> MemoryWatch::look_at_trend(const MemoryReading& reading) {
  const auto until = time_until_limit(reading);
  if (!until) {
    foreseeable_since_.reset();
    if (foretold_) foretold_->has_eased = true;
    return std::nullopt;
  }
  if (!foreseeable_since_) foreseeable_since_ = reading.seconds;
  if (!is_news(reading.seconds, until->seconds)) return std::nullopt;
  foretold_ = {.at_seconds = reading.seconds, .limit_seconds = reading.seconds + until->seconds};
  return MemoryWarning{
      true, fmt::format("memory reaches the limit of {} ({}) in about {} if it grows on by {}/s",
                        format_bytes(static_cast<double>(reading.limit_bytes)), reading.limit_source,
                        format_duration(until->seconds), format_bytes(growth_per_second().value_or(0)))};
}

}  // namespace ullage::session
