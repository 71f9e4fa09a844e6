// SPDX-License-Identifier: Apache-2.0
// A place in a line of text that knows its line and column, for readers whose errors say where. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage::metric {

// Goes through one line. Columns count bytes, from 1.
class LineCursor {
 public:
  LineCursor(std::string_view line, std::uint64_t number) : line_(line), number_(number) {}

  std::string_view rest() const { return line_.substr(at_); }
  std::string_view since(std::size_t begin) const { return line_.substr(begin, at_ - begin); }
  std::size_t at() const { return at_; }
  bool is_at_end() const { return at_ == line_.size(); }
  char peek() const { return is_at_end() ? '\0' : line_[at_]; }
  void skip(std::size_t bytes) { at_ += bytes; }
  bool take(char c) {
    if (is_at_end() || line_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Up to the character or the end.
  std::string_view take_until(char c);
  // "line 3:17", with what was wrong there; `back` bytes before the cursor.
  tl::unexpected<Error> fail_here(std::string what, std::string hint = {}, std::size_t back = 0) const;

 private:
  std::string_view line_;
  std::uint64_t number_;
  std::size_t at_ = 0;
};

}  // namespace ullage::metric
