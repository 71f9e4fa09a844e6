// SPDX-License-Identifier: Apache-2.0
#include "history/block.h"

#include <cstddef>
#include <cstdint>
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

constexpr std::string_view kMagic = "UBK\x01";  // the last byte is the version
// Ten bytes a sample is the worst that a column can need, and its presence, id and place a little more.
constexpr std::size_t kPayloadBytesMax = kSamplesPerBlock * 32;

}  // namespace

std::string encode(const Block& block) { return seal(kMagic, encode_payload(block)); }

Result<BlockView> BlockView::open(std::string_view bytes) {
  auto payload = unseal(kMagic, bytes, kPayloadBytesMax);
  if (!payload) return pass_on(payload);
  auto head = parse_payload_head(*payload);
  if (!head) return pass_on(head);
  BlockView view;
  view.payload_ = std::move(*payload);
  view.times_ms_ = std::move(head->times_ms);
  view.series_ = std::move(head->series);
  view.column_ends_ = std::move(head->column_ends);
  view.columns_begin_ = head->columns_begin;
  return view;
}

Result<void> BlockView::read_column(std::size_t index, std::vector<double>& values) const {
  check(index < series_.size(), "a column of the block");
  const std::size_t begin = index == 0 ? columns_begin_ : column_ends_[index - 1];
  values.resize(times_ms_.size());
  return parse_column(std::string_view(payload_).substr(begin, column_ends_[index] - begin), values);
}

std::size_t BlockView::memory_bytes() const {
  return payload_.capacity() + times_ms_.capacity() * sizeof(std::int64_t) +
         series_.capacity() * sizeof(metric::SeriesId) + column_ends_.capacity() * sizeof(std::size_t);
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
