// SPDX-License-Identifier: Apache-2.0
#include "history/store/symbols.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace ullage::history {

std::uint32_t NumbersByHash::add(std::uint64_t hash) {
  const auto number = static_cast<std::uint32_t>(hashes_.size());
  reserve(hashes_.size() + 1);
  hashes_.push_back(hash);
  place(number);
  return number;
}

void NumbersByHash::reserve(std::size_t count) {
  if (count * 2 <= slots_.size()) return;
  slots_.assign(std::bit_ceil(std::max<std::size_t>(16, count * 2)), 0);
  hashes_.reserve(slots_.size() / 2);
  for (std::uint32_t number = 0; number < hashes_.size(); ++number) place(number);
}

void NumbersByHash::place(std::uint32_t number) {
  std::size_t at = hashes_[number] & (slots_.size() - 1);
  while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = number + 1;
}

Symbols::Symbol Symbols::add(std::string_view text) {
  if (const auto known = find(text)) return *known;
  bytes_ += text;
  ends_.push_back(bytes_.size());
  return numbers_.add(std::hash<std::string_view>()(text));
}

std::optional<Symbols::Symbol> Symbols::find(std::string_view wanted) const {
  return numbers_.find(std::hash<std::string_view>()(wanted),
                       [&](Symbol symbol) { return text(symbol) == wanted; });
}

void Symbols::reserve(std::size_t count) {
  ends_.reserve(count);
  numbers_.reserve(count);
}

}  // namespace ullage::history
