// SPDX-License-Identifier: Apache-2.0
#include "sense/system/time_collector.h"

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

namespace {

const SystemClock& system_clock() {
  static const SystemClock clock;
  return clock;
}

// The kernel has had one clocksource device since it has any: clocksource0.
void add_sources(metric::Frame& frame, KernelFile& file, std::string& buffer, std::string_view metric) {
  const auto text = file.read(buffer);
  if (!text) return;
  std::string_view rest = *text;
  for (std::string_view name; !(name = take_word(rest)).empty();)
    frame.add(metric, {{"clocksource", name}, {"device", "0"}}, 1);
}

}  // namespace

TimeCollector::TimeCollector(const OsRoot& root) : TimeCollector(root, system_clock()) {}

TimeCollector::TimeCollector(const OsRoot& root, const Clock& clock)
    : clock_(clock),
      available_(root.path("/sys/devices/system/clocksource/clocksource0/available_clocksource")),
      current_(root.path("/sys/devices/system/clocksource/clocksource0/current_clocksource")) {}

Result<void> TimeCollector::collect(metric::Frame& frame) {
  const std::int64_t now_ms = clock_.wall_ms();
  frame.add("node_time_seconds", static_cast<double>(now_ms) / 1000);
  const auto now = static_cast<std::time_t>(now_ms / 1000);
  std::tm local{};
  if (::localtime_r(&now, &local) != nullptr)
    frame.add("node_time_zone_offset_seconds", {{"time_zone", local.tm_zone}},
              static_cast<double>(local.tm_gmtoff));
  add_sources(frame, available_, buffer_, "node_time_clocksource_available_info");
  add_sources(frame, current_, buffer_, "node_time_clocksource_current_info");
  return {};
}

}  // namespace ullage::sense
