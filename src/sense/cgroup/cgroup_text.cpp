// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroup_text.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "sense/kernel_text.h"
#include "sense/sample.h"

namespace ullage::sense {

namespace {

// Calls for each "key 123" whose number is one.
template <class Call>
void for_each_number(std::string_view text, Call call) {
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view key = take_word(line);
    if (const auto number = parse_one_number(line)) call(key, *number);
  }
}

OptionalBytes sum(std::initializer_list<OptionalBytes> parts) {
  OptionalBytes whole;
  for (const OptionalBytes& part : parts)
    if (part) whole = whole.value_or(0) + *part;
  return whole;
}

// The unevictable list holds locked pages of every kind, and those backed by swap are in anonymous and shared
// memory too: what these two have beyond the evictable lists is there.
OptionalBytes unevictable_alone(OptionalBytes unevictable, OptionalBytes anonymous, OptionalBytes shared,
                                OptionalBytes evictable_anonymous) {
  if (!unevictable || !evictable_anonymous) return unevictable;
  const std::uint64_t swap_backed = anonymous.value_or(0) + shared.value_or(0);
  const std::uint64_t counted = swap_backed - std::min(swap_backed, *evictable_anonymous);
  return *unevictable - std::min(*unevictable, counted);
}

}  // namespace

std::optional<std::uint64_t> parse_limit(std::string_view text) {
  // PAGE_COUNTER_MAX × page size: LONG_MAX rounded down to whole pages, of up to 64 KiB.
  constexpr std::uint64_t kNoLimitV1 = 0x7fff'ffff'ffff'0000;
  const auto limit = parse_one_number(text);
  return limit && *limit < kNoLimitV1 ? limit : std::nullopt;
}

void parse_memory_stat_v2(std::string_view text, CgroupSample& sample) {
  OptionalBytes kernel, stack, tables, percpu, socket, slab_fixed, slab_reclaimable, dirty, writeback,
      unevictable, active_anon, inactive_anon;
  for_each_number(text, [&](std::string_view key, std::uint64_t value) {
    if (key == "anon") sample.anonymous_bytes = value;
    if (key == "file") sample.file_bytes = value;
    if (key == "shmem") sample.shared_bytes = value;
    if (key == "kernel") kernel = value;  // since Linux 5.18
    if (key == "kernel_stack") stack = value;
    if (key == "pagetables") tables = value;
    if (key == "percpu") percpu = value;
    if (key == "sock") socket = value;
    if (key == "slab_reclaimable") slab_reclaimable = value;
    if (key == "slab_unreclaimable") slab_fixed = value;
    if (key == "file_dirty") dirty = value;
    if (key == "file_writeback") writeback = value;
    if (key == "unevictable") unevictable = value;
    if (key == "active_anon") active_anon = value;
    if (key == "inactive_anon") inactive_anon = value;
    if (key == "inactive_file") sample.inactive_file_bytes = value;
    if (key == "pgfault") sample.minor_faults = value;
    if (key == "pgmajfault") sample.major_faults = value;
  });
  if (kernel)
    // sock is not in "kernel": it is charged apart.
    sample.kernel_bytes = *kernel - std::min(*kernel, slab_reclaimable.value_or(0)) + socket.value_or(0);
  else
    sample.kernel_bytes = sum({stack, tables, percpu, socket, slab_fixed});
  sample.dirty_bytes = sum({dirty, writeback});
  sample.unevictable_bytes = unevictable_alone(unevictable, sample.anonymous_bytes, sample.shared_bytes,
                                               sum({active_anon, inactive_anon}));
  // pgfault counts both kinds.
  if (sample.minor_faults && sample.major_faults)
    sample.minor_faults = *sample.minor_faults - std::min(*sample.minor_faults, *sample.major_faults);
}

void parse_memory_stat_v1(std::string_view text, CgroupSample& sample) {
  OptionalBytes dirty, writeback, unevictable, active_anon, inactive_anon;
  for_each_number(text, [&](std::string_view key, std::uint64_t value) {
    if (key == "total_rss") sample.anonymous_bytes = value;
    if (key == "total_cache") sample.file_bytes = value;
    if (key == "total_shmem") sample.shared_bytes = value;
    if (key == "total_dirty") dirty = value;
    if (key == "total_writeback") writeback = value;
    if (key == "total_swap") sample.swap_bytes = value;
    if (key == "total_unevictable") unevictable = value;
    if (key == "total_active_anon") active_anon = value;
    if (key == "total_inactive_anon") inactive_anon = value;
    if (key == "total_inactive_file") sample.inactive_file_bytes = value;
    if (key == "total_pgfault") sample.minor_faults = value;
    if (key == "total_pgmajfault") sample.major_faults = value;
  });
  sample.dirty_bytes = sum({dirty, writeback});
  sample.unevictable_bytes = unevictable_alone(unevictable, sample.anonymous_bytes, sample.shared_bytes,
                                               sum({active_anon, inactive_anon}));
  if (sample.minor_faults && sample.major_faults)
    sample.minor_faults = *sample.minor_faults - std::min(*sample.minor_faults, *sample.major_faults);
}

std::optional<std::uint64_t> parse_hierarchical_limit_v1(std::string_view memory_stat) {
  std::string_view line;
  while (take_line(memory_stat, line))
    if (take_word(line) == "hierarchical_memory_limit") return parse_limit(line);
  return std::nullopt;
}

void parse_memory_events(std::string_view text, CgroupSample& sample) {
  for_each_number(text, [&](std::string_view key, std::uint64_t value) {
    if (key == "high") sample.high_events = value;
    if (key == "max") sample.max_events = value;
    if (key == "oom") sample.oom_events = value;
    if (key == "oom_kill") sample.oom_kills = value;
  });
}

void parse_oom_control_v1(std::string_view text, CgroupSample& sample) {
  for_each_number(text, [&](std::string_view key, std::uint64_t value) {
    if (key == "oom_kill") sample.oom_kills = value;  // since Linux 4.13
  });
}

void parse_cpu_stat_v2(std::string_view text, CgroupSample& sample) {
  for_each_number(text, [&](std::string_view key, std::uint64_t value) {
    if (key == "usage_usec") sample.usage_seconds = microseconds(value);
    if (key == "user_usec") sample.user_seconds = microseconds(value);
    if (key == "system_usec") sample.system_seconds = microseconds(value);
    if (key == "nr_periods") sample.periods = value;
    if (key == "nr_throttled") sample.throttled_periods = value;
    if (key == "throttled_usec") sample.throttled_seconds = microseconds(value);
  });
}

void parse_cpu_stat_v1(std::string_view text, CgroupSample& sample) {
  for_each_number(text, [&](std::string_view key, std::uint64_t value) {
    if (key == "nr_periods") sample.periods = value;
    if (key == "nr_throttled") sample.throttled_periods = value;
    if (key == "throttled_time") sample.throttled_seconds = nanoseconds(value);
  });
}

void parse_cpuacct_stat_v1(std::string_view text, long ticks_per_second, CgroupSample& sample) {
  for_each_number(text, [&](std::string_view key, std::uint64_t value) {
    const double seconds = static_cast<double>(value) / static_cast<double>(ticks_per_second);
    if (key == "user") sample.user_seconds = seconds;
    if (key == "system") sample.system_seconds = seconds;
  });
}

// "150000 100000", "max 100000"
std::optional<double> parse_cpu_max(std::string_view text) {
  const std::string_view quota = take_word(text);
  return quota_cores_v1(quota, text);
}

std::optional<double> quota_cores_v1(std::string_view quota_us, std::string_view period_us) {
  const auto quota = parse_one_number(quota_us);  // neither "max" nor -1 is a number here
  const auto period = parse_one_number(period_us);
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

// 8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0
void parse_io_stat_v2(std::string_view text, CgroupSample& sample) {
  std::uint64_t read = 0, written = 0;
  std::string_view line;
  while (take_line(text, line)) {
    take_word(line);
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      const std::string_view key = take_until(word, '=');
      if (key == "rbytes") read += to_unsigned(word).value_or(0);
      if (key == "wbytes") written += to_unsigned(word).value_or(0);
    }
  }
  sample.read_bytes = read;
  sample.written_bytes = written;
}

// 8:0 Read 1459200
// 8:0 Write 314773504
// Total 316232704
void parse_blkio_service_bytes_v1(std::string_view text, CgroupSample& sample) {
  std::uint64_t read = 0, written = 0;
  std::string_view line;
  while (take_line(text, line)) {
    take_word(line);
    const std::string_view operation = take_word(line);
    const std::uint64_t bytes = parse_one_number(line).value_or(0);
    if (operation == "Read") read += bytes;
    if (operation == "Write") written += bytes;
  }
  sample.read_bytes = read;
  sample.written_bytes = written;
}

std::optional<unsigned> count_processor_list(std::string_view text) {
  constexpr std::uint64_t kMost = 1 << 16;
  std::uint64_t count = 0;
  text = trim(text);
  while (!text.empty()) {
    std::string_view range = take_until(text, ',');
    const bool is_single = range.find('-') == std::string_view::npos;
    const auto first = to_unsigned(take_until(range, '-'));
    const auto last = is_single ? first : to_unsigned(range);
    if (!first || !last || *last < *first || *last > kMost) return std::nullopt;
    count += *last - *first + 1;
  }
  if (count == 0 || count > kMost) return std::nullopt;
  return static_cast<unsigned>(count);
}

}  // namespace ullage::sense
