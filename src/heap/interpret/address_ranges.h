// SPDX-License-Identifier: Apache-2.0
// Ranges of addresses within ranges, each with a number: which is the innermost that holds an address?
// Filled, then sealed, then asked. Ranges that cut across one another give one of those that hold the
// address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ullage::heap {

class AddressRanges {
 public:
  // Of equal ranges, the one with the greater number is the inner one.
  void add(std::uint64_t begin, std::uint64_t end, std::uint32_t number) {
    if (begin < end) ranges_.push_back({begin, end, number, kNone});
  }
  void seal();
  std::optional<std::uint32_t> innermost(std::uint64_t address) const;
  std::size_t count() const { return ranges_.size(); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Range {
    std::uint64_t begin, end;
    std::uint32_t number;
    std::uint32_t around;  // the range before this one that holds its beginning
  };
  std::vector<Range> ranges_;
};

}  // namespace ullage::heap
