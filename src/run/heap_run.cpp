// SPDX-License-Identifier: Apache-2.0
#include "run/heap_run.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "heap/profile.h"
#include "run/heap_profiles.h"
#include "run/record.h"
#include "run/words.h"

namespace ullage::run {

namespace {

// Of a process that execs, the pid has several profiles: the end is the last one's.
bool is_last_of_its_pid(const heap::Profile& profile, std::span<const heap::Profile> all) {
  return std::ranges::none_of(all, [&](const heap::Profile& other) {
    return other.pid == profile.pid && other.started_ms > profile.started_ms;
  });
}

std::optional<std::int64_t> process_end_ms(std::uint32_t pid, const Record& record) {
  for (const Process& process : record.process_table)
    if (process.pid == pid) return process.end_ms ? process.end_ms : end_ms(record);
  return std::nullopt;
}

}  // namespace

void set_ends(std::span<heap::Profile> profiles, const Record& record) {
  const std::int64_t run_end_ms = end_ms(record);
  for (heap::Profile& profile : profiles) {
    // The exit is the last event of those that came to it; what they did after that was nobody's work.
    if (profile.has_ended_by_exit || !is_last_of_its_pid(profile, profiles)) continue;
    auto end = process_end_ms(profile.pid, record);
    // Too short for the table: the command itself is known by being the first.
    if (!end && profile.started_ms == std::ranges::min(profiles, {}, &heap::Profile::started_ms).started_ms)
      end = run_end_ms;
    if (end) profile.ended_ms = std::max(profile.ended_ms, std::min(*end, run_end_ms));
  }
}

Result<std::vector<heap::Profile>> load_heap_of(const std::string& run_path, const Record& record) {
  auto profiles = load_heap(run_path);
  if (profiles) set_ends(*profiles, record);
  return profiles;
}

}  // namespace ullage::run
