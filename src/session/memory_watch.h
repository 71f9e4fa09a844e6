// SPDX-License-Identifier: Apache-2.0
// Warns before memory runs out: at given shares of the limit, and when the trend of the last minute meets
// the limit within the horizon. Says each once, and again after it has eased or when a forecast turns out
// wrong. Pure: readings in, warnings out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/forecast.h"

namespace ullage::session {

struct MemoryReading {
  double seconds = 0;             // since the start
  std::uint64_t used_bytes = 0;   // against the limit
  std::uint64_t limit_bytes = 0;  // the tightest that applies
  std::string limit_source = {};  // "--memory", "cgroup /a", "machine"
};

struct MemoryWarning {
  bool is_critical = false;  // beyond the first share (or at the only one), or by trend: time to act
  std::string text;
};

class MemoryWatch {
 public:
  MemoryWatch(std::vector<double> shares, double horizon_seconds);

  std::vector<MemoryWarning> look(const MemoryReading& reading);
  // Since when the trend has pointed at the limit without a break; absent when it does not.
  std::optional<double> foreseeable_since_seconds() const { return foreseeable_since_; }
  // Bytes a second of the last minute, when that is beyond doubt.
  std::optional<double> growth_per_second() const;

 private:
  bool keep(const MemoryReading& reading);  // false when it came too soon after the last
  std::optional<MemoryWarning> look_at_share(const MemoryReading& reading);
  std::optional<MemoryWarning> look_at_trend(const MemoryReading& reading);
  bool is_news(double now_seconds, double left_seconds) const;
  std::optional<analysis::TimeUntil> time_until_limit(const MemoryReading& reading) const;

  std::vector<double> shares_;  // ascending
  double horizon_seconds_;
  std::vector<analysis::Point> points_;
  double spacing_seconds_;
  std::size_t shares_said_ = 0;  // how many of shares_ have been warned about
  std::optional<double> foreseeable_since_;
  struct Foretold {
    double at_seconds, limit_seconds;  // when it was said, and for when
    bool has_eased = false;            // the trend has not pointed at the limit all the while
  };
  std::optional<Foretold> foretold_;
};

}  // namespace ullage::session
