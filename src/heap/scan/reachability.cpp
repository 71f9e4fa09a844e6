// SPDX-License-Identifier: Apache-2.0
#include "heap/scan/reachability.h"

#include <algorithm>
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

class Search {
 public:
  Search(ReachabilityQuestion question, const ReadMemory& read, const MayGoOn& may_go_on)
      : question_(std::move(question)), read_(read), may_go_on_(may_go_on), piece_(kPieceWords) {
    std::ranges::sort(question_.blocks, {}, &MemoryRange::begin);
    is_reached_.resize(question_.blocks.size());
    for (const MemoryRange& block : question_.blocks) end_ = std::max(end_, block.end);
  }

  Result<std::vector<std::uint64_t>> run() {
    for (const std::uint64_t word : question_.words) take(word, 0);
    for (const MemoryRange& root : question_.roots)
      if (!scan(root)) return fail("it took too long");
    while (question_.follows_blocks && !to_scan_.empty()) {
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

  // A pointer behind a block's end is none to it; one to a block of no bytes is to its beginning.
  void take(std::uint64_t word, std::uint64_t found_at) {
    if (question_.blocks.empty() || word < question_.blocks.front().begin || word > end_) return;
    const auto after = std::ranges::upper_bound(question_.blocks, word, {}, &MemoryRange::begin);
    const auto number = static_cast<std::size_t>(after - question_.blocks.begin()) - 1;
    const MemoryRange& block = question_.blocks[number];
    if (is_reached_[number] || word >= std::max(block.end, block.begin + 1)) return;
    if (!question_.follows_blocks && found_at >= block.begin && found_at < block.end) return;
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
};

}  // namespace

Result<std::vector<std::uint64_t>> find_lost(ReachabilityQuestion question, const ReadMemory& read,
                                             const MayGoOn& may_go_on) {
  return Search(std::move(question), read, may_go_on).run();
}

}  // namespace ullage::heap
