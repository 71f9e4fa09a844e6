// SPDX-License-Identifier: Apache-2.0
#include "history/block.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block_payload.h"
#include "history/envelope.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::string_view kMagic = "UBK\x02";  // the last byte is the version
// Less stands in one piece with its head.
constexpr std::size_t kBytesOfOnePiece = 4096;
// Ten bytes a sample is the worst that a column can need, and its presence, id and place a little more.
constexpr std::size_t kPayloadBytesMax = kSamplesPerBlock * 32;

}  // namespace

std::string encode(const Block& block, std::size_t piece_bytes) {
  const EncodedPayload payload = encode_payload(block);
  const std::string_view bytes = payload.bytes;
  if (bytes.size() < kBytesOfOnePiece) return seal(kMagic, bytes);
  std::vector<std::string_view> pieces{bytes.substr(0, payload.ends.front())};  // the head, which all need
  std::size_t begin = pieces.front().size();
  for (std::size_t i = 1; i < payload.ends.size(); ++i) {
    const std::size_t end = payload.ends[i];
    if (end - begin < piece_bytes && i + 1 < payload.ends.size()) continue;
    pieces.push_back(bytes.substr(begin, end - begin));
    begin = end;
  }
  return seal(kMagic, pieces);
}

Result<BlockView> BlockView::open(std::string_view bytes) {
  auto sealed = open_seal(kMagic, bytes, kPayloadBytesMax);
  if (!sealed) return pass_on(sealed);
  std::size_t size = 0;
  BlockView view;
  for (const Sealed::Frame& frame : sealed->frames) {
    view.pieces_.push_back({size, size + frame.size, frame.begin, frame.end});
    size += frame.size;
  }
  const Sealed::Frame& first = sealed->frames.front();
  auto payload = decompress_frame(bytes.substr(first.begin, first.end - first.begin), first.size);
  if (!payload) return pass_on(payload);
  auto head = parse_payload_head(*payload, size);
  if (!head) return pass_on(head);
  view.open_ = std::move(*payload);
  view.open_piece_ = 0;
  if (view.pieces_.size() > 1) view.compressed_ = bytes;
  view.times_ms_ = std::move(head->times_ms);
  view.series_ = std::move(head->series);
  view.column_ends_ = std::move(head->column_ends);
  view.columns_begin_ = head->columns_begin;
  return view;
}

// The bytes of the payload from begin to end, which lie in one piece.
Result<std::string_view> BlockView::piece_with(std::size_t begin, std::size_t end) const {
  if (begin == end) return std::string_view();
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), begin,
                                      [](std::size_t at, const Piece& piece) { return at < piece.begin; });
  const Piece& piece = *std::prev(after);
  if (end > piece.end) return fail("the block's pieces are damaged");
  const auto index = static_cast<std::size_t>(&piece - pieces_.data());
  if (index != open_piece_) {
    auto opened =
        decompress_frame(std::string_view(compressed_)
                             .substr(piece.compressed_begin, piece.compressed_end - piece.compressed_begin),
                         piece.end - piece.begin);
    if (!opened) return pass_on(opened);
    open_ = std::move(*opened);
    open_piece_ = index;
  }
  return std::string_view(open_).substr(begin - piece.begin, end - begin);
}

Result<void> BlockView::read_column(std::size_t index, std::vector<double>& values) const {
  check(index < series_.size(), "a column of the block");
  const std::size_t begin = index == 0 ? columns_begin_ : column_ends_[index - 1];
  auto bytes = piece_with(begin, column_ends_[index]);
  if (!bytes) return pass_on(bytes);
  values.resize(times_ms_.size());
  return parse_column(*bytes, values);
}

std::size_t BlockView::memory_bytes() const {
  return compressed_.capacity() + open_.capacity() + pieces_.capacity() * sizeof(Piece) +
         times_ms_.capacity() * sizeof(std::int64_t) + series_.capacity() * sizeof(metric::SeriesId) +
         column_ends_.capacity() * sizeof(std::uint32_t);
}

Result<Block> decode(std::string_view bytes) {
  auto view = BlockView::open(bytes);
  if (!view) return pass_on(view);
  Block block{view->times_ms(), view->series(), {}};
  block.columns.resize(block.series.size());
  for (std::size_t i = 0; i < block.columns.size(); ++i)
    if (auto read = view->read_column(i, block.columns[i]); !read) return pass_on(read);
  return block;
}

}  // namespace ullage::history
