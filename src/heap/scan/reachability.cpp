// SPDX-License-Identifier: Apache-2.0
#include "heap/scan/reachability.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ullage::heap {

namespace {

constexpr std::size_t kPieceWords = (1 << 20) / sizeof(std::uint64_t);
constexpr std::uint64_t kWord = sizeof(std::uint64_t);
// A second base class, a list's node within an object, the alignment of an allocator of the program's own.
constexpr std::uint64_t kWithinFromClutter = 512;

// A hash table of Rust's is pointed to where its control bytes begin, behind its entries: as many as it has
// places for, a power of two, and those of one more group (hashbrown's src/raw: TableLayout).
bool is_where_control_bytes_begin(std::uint64_t address, std::uint64_t end) {
  constexpr std::uint64_t kGroups[] = {16, 8};
  return std::ranges::any_of(kGroups, [&](std::uint64_t group) {
    return address % group == 0 && address + group < end && std::has_single_bit(end - address - group);
  });
}

class Search {
 public:
  Search(ReachabilityQuestion question, const ReadMemory& read, const MayGoOn& may_go_on)
      : question_(std::move(question)), read_(read), may_go_on_(may_go_on), piece_(kPieceWords) {
    std::ranges::sort(question_.blocks, {}, &MemoryRange::begin);
    is_reached_.resize(question_.blocks.size());
    for (const MemoryRange& block : question_.blocks) end_ = std::max(end_, block.end);
  }

  Result<std::vector<std::uint64_t>> run() {
    within_max_ = kWithinFromClutter;
    for (const std::uint64_t word : question_.words) take(word, 0);
    for (const MemoryRange& range : question_.cluttered)
      if (!scan(range)) return fail("it took too long");
    within_max_ = UINT64_MAX;
    for (const MemoryRange& root : question_.roots)
      if (!scan(root)) return fail("it took too long");
    is_in_roots_ = false;
    while (!to_scan_.empty()) {
      const MemoryRange block = question_.blocks[to_scan_.back()];
      to_scan_.pop_back();
      if (!scan(block)) return fail("it took too long");
    }
    std::vector<std::uint64_t> lost;
    for (std::size_t i = 0; i < is_reached_.size(); ++i)
      if (!is_reached_[i]) lost.push_back(question_.blocks[i].begin);
    return lost;
  }

 private:
  bool scan(const MemoryRange& range) {
    for (std::uint64_t at = (range.begin + kWord - 1) / kWord * kWord; at + kWord <= range.end;) {
      if (!may_go_on_()) return false;
      const std::size_t wanted = std::min<std::uint64_t>(kPieceWords, (range.end - at) / kWord);
      const std::size_t got = read_(at, std::span(piece_).first(wanted)) / kWord;
      for (std::size_t i = 0; i < got; ++i) take(piece_[i], at + i * kWord);
      if (got < wanted) return true;  // the rest is not there any more
      at += got * kWord;
    }
    return true;
  }

  static constexpr std::size_t kNone = SIZE_MAX;

  // A pointer behind a block's end is none to it; one to a block of no bytes is to its beginning.
  std::size_t block_at(std::uint64_t address) const {
    if (question_.blocks.empty() || address < question_.blocks.front().begin || address > end_) return kNone;
    const auto after = std::ranges::upper_bound(question_.blocks, address, {}, &MemoryRange::begin);
    const auto number = static_cast<std::size_t>(after - question_.blocks.begin()) - 1;
    const MemoryRange& block = question_.blocks[number];
    return address < std::max(block.end, block.begin + 1) ? number : kNone;
  }

  void take(std::uint64_t word, std::uint64_t found_at) {
    const std::size_t number = block_at(word);
    if (number == kNone || is_reached_[number]) return;
    const MemoryRange& block = question_.blocks[number];
    if (word - block.begin > within_max_ && !is_where_control_bytes_begin(word, block.end)) return;
    if (question_.roots_hold_blocks && is_in_roots_ && block_at(found_at) != kNone) return;  // in its turn
    is_reached_[number] = true;
    to_scan_.push_back(number);
  }

  ReachabilityQuestion question_;
  const ReadMemory& read_;
  const MayGoOn& may_go_on_;
  std::vector<std::uint64_t> piece_;
  std::vector<bool> is_reached_;
  std::vector<std::size_t> to_scan_;
  std::uint64_t end_ = 0;
  std::uint64_t within_max_ = UINT64_MAX;  // a block may be pointed to
  bool is_in_roots_ = true;                // or in what they lead to
};

}  // namespace

Result<std::vector<std::uint64_t>> find_lost(ReachabilityQuestion question, const ReadMemory& read,
                                             const MayGoOn& may_go_on) {
  return Search(std::move(question), read, may_go_on).run();
}

}  // namespace ullage::heap
