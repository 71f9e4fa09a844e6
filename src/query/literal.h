// SPDX-License-Identifier: Apache-2.0
// Numbers and durations as PromQL writes them, read and written. Pure functions of text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ullage::query {

// How much of the front is one; 0 for none. Whether what follows may follow is not looked at.
std::size_t number_length(std::string_view text);
std::size_t duration_length(std::string_view text);
// All that was meant as one: digits, letters, dots, and the sign of an exponent.
std::size_t number_or_duration_length(std::string_view text);

// What number_length measured: 12, 0.5, 1e3, 1_000, 0x1f, and, as in Go, octal for 017. Nothing when it is
// too large.
std::optional<double> number_value(std::string_view text);
// What duration_length measured; nothing beyond 292 years, where Prometheus ends too.
std::optional<std::int64_t> duration_value_ms(std::string_view text);

std::string format_number(double value);          // digits without an exponent, as few as give it back
std::string format_duration_ms(std::int64_t ms);  // 1h30m; -5m; 0s

}  // namespace ullage::query
