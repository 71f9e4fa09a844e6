// SPDX-License-Identifier: Apache-2.0
// Texts, each once, by number: the names and values of a file's series. Also a table that finds a number by a
// hash, for these and for whole series.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ullage::history {

// Numbers from 0 on, found by the hash of what they stand for. Who asks says which of those of the same hash
// it is: nothing else of it is kept here.
class NumbersByHash {
 public:
  // The number that `is_it` takes; nothing when there is none.
  template <class IsIt>
  std::optional<std::uint32_t> find(std::uint64_t hash, const IsIt& is_it) const {
    if (slots_.empty()) return std::nullopt;
    for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == 0) return std::nullopt;
      const std::uint32_t number = slots_[at] - 1;
      if (hashes_[number] == hash && is_it(number)) return number;
    }
  }
  std::uint32_t add(std::uint64_t hash);  // the next number
  void reserve(std::size_t count);
  std::uint64_t hash(std::uint32_t number) const { return hashes_[number]; }
  std::size_t size() const { return hashes_.size(); }

 private:
  void place(std::uint32_t number);

  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> slots_;  // a number + 1, or 0; as many as a power of two, half of them free
};

class Symbols {
 public:
  using Symbol = std::uint32_t;
  Symbols() { (void)add(""); }

  Symbol add(std::string_view text);  // the one it has, or a new one; 0 is the empty text
  std::optional<Symbol> find(std::string_view text) const;
  std::string_view text(Symbol symbol) const {
    const std::size_t begin = symbol == 0 ? 0 : ends_[symbol - 1];
    return std::string_view(bytes_).substr(begin, ends_[symbol] - begin);
  }
  std::uint64_t hash(Symbol symbol) const {
    return numbers_.hash(symbol);
  }  // of the text: the same everywhere
  std::size_t size() const { return ends_.size(); }
  void reserve(std::size_t count);

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;  // of each text in bytes_
  NumbersByHash numbers_;
};

}  // namespace ullage::history
