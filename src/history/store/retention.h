// SPDX-License-Identifier: Apache-2.0
// How long a history is kept, and how much room it may take: whole files are unlinked, the oldest first,
// which works on a full disk too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace ullage::history {

struct Retention {
  std::int64_t raw_ms = std::int64_t{7} * 24 * 3600 * 1000;
  std::int64_t minute_ms = std::int64_t{90} * 24 * 3600 * 1000;
  std::int64_t hour_ms = std::int64_t{5 * 365 + 1} * 24 * 3600 * 1000;
  std::uint64_t bytes_max = std::uint64_t{4} << 30;  // of all tiers together
};

struct Removed {
  std::vector<std::string> names;
  std::uint64_t bytes = 0;
  bool is_within_size = true;  // false: only files that are being written are left, or some cannot be removed
};
enum class Age { counts, does_not_count };
// `in_use` names files that are being written. `now_ms` must be a time that is believed: with
// Age::does_not_count only size matters.
Result<Removed> remove_old(const std::string& folder, const Retention& retention, std::int64_t now_ms,
                           Age age, const std::vector<std::string>& in_use);

}  // namespace ullage::history
