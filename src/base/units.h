// SPDX-License-Identifier: Apache-2.0
// Sizes and durations as people write and read them. Sizes are read as 4G and 4GiB (binary) or 4GB
// (decimal) and printed in binary units; durations as 90s, 5m, 1h30m, 250ms.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage {

Result<std::uint64_t> parse_bytes(std::string_view text);
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
Result<double> parse_number(std::string_view text);

std::string format_bytes(double bytes);       // "1.50 GiB", "312 MiB", "0 B"
std::string format_duration(double seconds);  // "1h 02m", "3m 07s", "12.3 s", "45 ms"
std::string format_ratio(double ratio);       // "87 %"

}  // namespace ullage
