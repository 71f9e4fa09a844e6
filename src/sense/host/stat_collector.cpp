// SPDX-License-Identifier: Apache-2.0
#include "sense/host/stat_collector.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr std::string_view kModeNames[] = {"user",   "nice", "system",  "idle",
                                           "iowait", "irq",  "softirq", "steal"};
constexpr std::size_t kGuest = 8, kGuestNice = 9;
constexpr std::size_t kProcessorsMax = 8192;  // CONFIG_NR_CPUS of x86
constexpr double kRestartSeconds = 3;

constexpr struct {
  std::string_view key;
  std::string_view metric;
} kCounts[] = {
    {"intr", "node_intr_total"},
    {"ctxt", "node_context_switches_total"},
    {"btime", "node_boot_time_seconds"},
    {"processes", "node_forks_total"},
    {"procs_running", "node_procs_running"},
    {"procs_blocked", "node_procs_blocked"},
};

}  // namespace

// cpu0 4359 0 1416 97790 203 0 33 5 0 0
// intr 1462898 …   (the sum, then each interrupt)
Result<void> StatCollector::add_values(std::string_view text, metric::Frame& frame) {
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view whole = line;
    const std::string_view key = take_word(line);
    if (key.starts_with("cpu")) {
      if (key.size() > 3 && !add_processor(key.substr(3), line, frame))
        return broken("not times of a processor", whole);
      continue;
    }
    const auto* count = std::ranges::find_if(kCounts, [&](const auto& known) { return known.key == key; });
    if (count == std::end(kCounts)) continue;
    const auto value = take_unsigned(line);
    if (!value) return broken("not a count", whole);
    frame.add(count->metric, static_cast<double>(*value));
  }
  return {};
}

bool StatCollector::add_processor(std::string_view cpu, std::string_view ticks, metric::Frame& frame) {
  const auto number = to_unsigned(cpu);
  if (!number || *number >= kProcessorsMax) return false;
  Seconds read{};
  for (std::size_t mode = 0; mode < kModes; ++mode) {
    const std::string_view word = take_word(ticks);
    if (word.empty() && mode >= kGuest) break;  // guests came with Linux 2.6.24 and 2.6.33
    const auto count = to_unsigned(word);
    if (!count) return false;
    read[mode] = static_cast<double>(*count) / ticks_per_second_;
  }
  const Seconds& seconds = never_back(*number, read);
  for (std::size_t mode = 0; mode < std::size(kModeNames); ++mode)
    frame.add("node_cpu_seconds_total", {{"cpu", cpu}, {"mode", kModeNames[mode]}}, seconds[mode]);
  frame.add("node_cpu_guest_seconds_total", {{"cpu", cpu}, {"mode", "user"}}, seconds[kGuest]);
  frame.add("node_cpu_guest_seconds_total", {{"cpu", cpu}, {"mode", "nice"}}, seconds[kGuestNice]);
  return true;
}

const StatCollector::Seconds& StatCollector::never_back(std::size_t cpu, const Seconds& seconds) {
  if (cpu >= greatest_.size()) greatest_.resize(cpu + 1);
  Seconds& greatest = greatest_[cpu];
  for (std::size_t mode = 0; mode < kModes; ++mode)
    if (seconds[mode] > greatest[mode] || greatest[mode] - seconds[mode] >= kRestartSeconds)
      greatest[mode] = seconds[mode];
  return greatest;
}

}  // namespace ullage::sense
