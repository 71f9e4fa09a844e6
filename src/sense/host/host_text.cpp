// SPDX-License-Identifier: Apache-2.0
#include "sense/host/host_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/os_root.h"
#include "base/text.h"
#include "sense/kernel_text.h"
#include "sense/sample.h"

namespace ullage::sense {

namespace {

constexpr std::uint64_t kSectorBytes = 512;  // of /proc/diskstats, whatever the device's own

}  // namespace

void parse_meminfo(std::string_view text, HostSample& sample) {
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view key = take_until(line, ':');
    if (key == "MemTotal") sample.memory_total_bytes = parse_kibibytes(line);
    if (key == "MemFree") sample.memory_free_bytes = parse_kibibytes(line);
    if (key == "MemAvailable") sample.memory_available_bytes = parse_kibibytes(line);
    if (key == "Cached") sample.cached_bytes = parse_kibibytes(line);
    if (key == "Dirty") sample.dirty_bytes = parse_kibibytes(line);
    if (key == "SwapTotal") sample.swap_total_bytes = parse_kibibytes(line);
    if (key == "SwapFree") sample.swap_free_bytes = parse_kibibytes(line);
  }
}

std::optional<std::uint64_t> parse_shared(std::string_view meminfo) {
  std::string_view line;
  while (take_line(meminfo, line))
    if (take_until(line, ':') == "Shmem") return parse_kibibytes(line);
  return std::nullopt;
}

// cpu  8719 0 2832 195580 406 0 66 11 0 0
void parse_cpu_stat(std::string_view text, const OsRoot& root, HostSample& sample) {
  std::string_view line;
  while (take_line(text, line)) {
    if (take_word(line) != "cpu") continue;
    std::array<double, HostSample::kModes.size()> seconds{};
    for (double& mode : seconds) {
      const auto ticks = take_unsigned(line);
      if (!ticks) return;
      mode = static_cast<double>(*ticks) / static_cast<double>(root.ticks_per_second);
    }
    sample.cpu_seconds = seconds;
    return;
  }
}

void parse_loadavg(std::string_view text, HostSample& sample) {
  std::array<double, 3> load{};
  for (double& average : load) {
    const auto value = to_double(take_word(text));
    if (!value) return;
    average = *value;
  }
  sample.load = load;
}

void parse_vmstat(std::string_view text, HostSample& sample) {
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view key = take_word(line);
    if (key == "oom_kill") sample.oom_kills = parse_one_number(line);
    if (key == "pswpin") sample.swapped_in_pages = parse_one_number(line);
    if (key == "pswpout") sample.swapped_out_pages = parse_one_number(line);
  }
}

// 254 0 vda 54656 9971 3662810 9046 32762 10688 3496432 9064 0 7300 18604 …
// major minor name, reads: completed merged sectors ms, writes: the same, in flight, ms busy, …
void parse_diskstats(std::string_view text, const std::vector<std::string>& whole_disks, HostSample& sample) {
  std::size_t count = 0;
  std::string_view line;
  while (take_line(text, line)) {
    take_word(line), take_word(line);
    const std::string_view device = take_word(line);
    if (!whole_disks.empty() && std::ranges::find(whole_disks, device) == whole_disks.end()) continue;
    std::array<std::uint64_t, 10> figures{};
    const bool complete = std::ranges::all_of(figures, [&](std::uint64_t& figure) {
      const auto value = take_unsigned(line);
      figure = value.value_or(0);
      return value.has_value();
    });
    if (!complete || (figures[0] == 0 && figures[4] == 0)) continue;
    if (sample.disks.size() == count) sample.disks.emplace_back();
    DiskSample& disk = sample.disks[count++];
    disk.device.assign(device);
    disk.read_bytes = figures[2] * kSectorBytes;
    disk.written_bytes = figures[6] * kSectorBytes;
    disk.busy_seconds = static_cast<double>(figures[9]) * 1e-3;
  }
  sample.disks.resize(count);
}

unsigned count_processors(std::string_view proc_stat) {
  unsigned count = 0;
  std::string_view line;
  while (take_line(proc_stat, line)) {
    const std::string_view key = take_word(line);
    if (key.starts_with("cpu") && to_unsigned(key.substr(3))) ++count;
  }
  return count;
}

}  // namespace ullage::sense
