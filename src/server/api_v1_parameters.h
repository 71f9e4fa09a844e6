// SPDX-License-Identifier: Apache-2.0
// The parameters of Prometheus's HTTP API as it reads them: times are seconds or RFC 3339, durations seconds
// or 5m, selectors match[]. Pure. Errors are worded as Prometheus words them, where clients show them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "server/http_message.h"

namespace ullage::server {

Result<std::int64_t> parse_api_time(std::string_view text);      // milliseconds since the epoch
Result<std::int64_t> parse_api_duration(std::string_view text);  // milliseconds
// A label's name as it stands in a path: U__with_2e_dot is with.dot.
std::string unescape_label_name(std::string_view name);

// How long, and of how much, any question may be.
struct Bounds {
  std::chrono::milliseconds timeout{120'000};
  std::size_t limit = 0;  // of what is listed; 0: none
  std::optional<std::int64_t> lookback_ms = {};
};
Result<Bounds> parse_bounds(const Parameters& parameters, std::chrono::milliseconds timeout_max);

struct InstantQuestion {
  std::string query;
  std::int64_t time_ms = 0;
};
Result<InstantQuestion> parse_instant(const Parameters& parameters, std::int64_t now_ms);

struct RangeQuestion {
  std::string query;
  std::int64_t start_ms = 0, end_ms = 0, step_ms = 0;
};
Result<RangeQuestion> parse_range(const Parameters& parameters);

// A selection each match[]; one of everything when there is none.
Result<std::vector<history::Selection>> parse_selections(const Parameters& parameters);

}  // namespace ullage::server
