// SPDX-License-Identifier: Apache-2.0
// The names of a history's files, which say what they hold: 2026-11-26.db has the samples of that day (UTC),
// 2026-11-26.minute.db its minutes, 2026-11.hour.db the hours of that month. Retention unlinks whole files,
// so tiers that are kept for different times are different files. docs/formats/history.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ullage::history {

enum class Tier { raw, minute, hour };
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;
// What a file's name can say: the years 1970 to 9999.
constexpr std::int64_t kTimeMsMin = 0;
constexpr std::int64_t kTimeMsMax = 253'402'300'799'999;

std::int64_t width_ms(Tier tier);  // of its buckets; 0 for raw
std::string_view to_string(Tier tier);
// The bucket that a time is in: its end.
constexpr std::int64_t bucket_of(std::int64_t time_ms, std::int64_t width) {
  return (time_ms + width - 1) / width * width;
}

struct HistoryFile {
  Tier tier = Tier::raw;
  std::int64_t begin_ms = 0;  // raw: its ticks are in [begin, end); tiers: its buckets in (begin, end]
  std::int64_t end_ms = 0;
  int part = 0;  // more than one where a file was damaged and another took its place
  std::string name;

  bool overlaps(std::int64_t after_ms, std::int64_t until_ms) const {
    return begin_ms <= until_ms && end_ms > after_ms;
  }
};

// `time_ms` of a tick or of a bucket, within kTimeMsMin … kTimeMsMax.
HistoryFile file_for(Tier tier, std::int64_t time_ms, int part = 0);
std::optional<HistoryFile> parse_file_name(std::string_view name);
// In order of tier and time.
Result<std::vector<HistoryFile>> list_history(const std::string& folder);

}  // namespace ullage::history
