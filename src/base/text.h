// SPDX-License-Identifier: Apache-2.0
// Small things with text that the standard library lacks: splitting without copies, numbers from kernel
// files, and the nearest of several names for a misspelt one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ullage {

std::string_view trim(std::string_view text);
// Takes the text up to the separator (and the separator) off the front of rest.
std::string_view take_until(std::string_view& rest, char separator);
// Takes the next run of non-blanks off the front of rest; empty at the end.
std::string_view take_word(std::string_view& rest);

std::optional<std::uint64_t> to_unsigned(std::string_view digits);  // all of it, base 10
std::optional<std::int64_t> to_signed(std::string_view digits);
std::optional<double> to_double(std::string_view digits);

// The candidate with the fewest edits, if few enough to be a slip of the fingers; else nothing.
std::optional<std::string> nearest(std::string_view misspelt, std::span<const std::string_view> candidates);
// "did you mean 'memory'?", or empty.
std::string did_you_mean(std::string_view misspelt, std::span<const std::string_view> candidates);

// Length of the UTF-8 sequence at the front (RFC 3629: no overlong forms, no surrogates), or 0.
std::size_t utf8_length(std::string_view bytes);
char32_t code_point(std::string_view sequence);  // of one whole sequence

// Safe for a terminal line: bytes that are not UTF-8 become U+FFFD, control characters \xNN, and characters
// that turn the direction of text \uNNNN.
std::string printable(std::string_view bytes);
// For JSON, which must be UTF-8 but may hold any control character.
std::string valid_utf8(std::string_view bytes);

}  // namespace ullage
