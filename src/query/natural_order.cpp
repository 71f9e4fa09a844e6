// SPDX-License-Identifier: Apache-2.0
#include "query/natural_order.h"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <string_view>

namespace ullage::query {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the next run of digits, or of all else, off the front.
std::string_view take_run(std::string_view& text) {
  const bool digits = is_digit(text.front());
  const auto end = std::ranges::find_if(text, [&](char c) { return is_digit(c) != digits; });
  const std::string_view run = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(run.size());
  return run;
}

std::strong_ordering by_number(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  return a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
}

}  // namespace

std::strong_ordering natural_order(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view x = take_run(a), y = take_run(b);
    const bool are_numbers = is_digit(x.front()) && is_digit(y.front());
    if (const auto order = are_numbers ? by_number(x, y) : x <=> y; order != 0) return order;
  }
  return a.size() <=> b.size();
}

}  // namespace ullage::query
