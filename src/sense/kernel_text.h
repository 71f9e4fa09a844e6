// SPDX-License-Identifier: Apache-2.0
// The two shapes most kernel files have, "Key:   123 kB" and "key 123", read without copies. A number that is
// not one, or does not fit, is absent; what to make of that is the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace ullage::sense {

// The next line off the front of rest, without its newline; false at the end. A last line without a newline
// was cut by whoever copied or truncated the file, and is given all the same.
inline bool take_line(std::string_view& rest, std::string_view& line) {
  if (rest.empty()) return false;
  line = take_until(rest, '\n');
  return true;
}

// "  1784 kB" as bytes. The unit must be there: a line cut before it may have lost digits too.
std::optional<std::uint64_t> parse_kibibytes(std::string_view value);

// The next word as a number, taken off the front.
std::optional<std::uint64_t> take_unsigned(std::string_view& rest);

// "0000a3f0", "0x1003": without a sign.
std::optional<std::uint64_t> parse_hexadecimal(std::string_view digits);

// A file that is one number, or "max" (and on v1 a number no machine has) for none.
std::optional<std::uint64_t> parse_one_number(std::string_view text);

// A path of a table of mounts: blanks, tabs, newlines and backslashes stand as three octal digits there,
// "\\040" (mangle_path, fs/seq_file.c).
std::string unescape_path(std::string_view text);

// As a count of seconds.
inline double microseconds(std::uint64_t count) { return static_cast<double>(count) * 1e-6; }
inline double nanoseconds(std::uint64_t count) { return static_cast<double>(count) * 1e-9; }

}  // namespace ullage::sense
