// SPDX-License-Identifier: Apache-2.0
#include "history/block.h"

#include <zstd.h>

#include <memory>
#include <utility>

#include "history/block_payload.h"
#include "history/checksum.h"

namespace ullage::history {

namespace {

constexpr std::string_view kMagic = "UBK\x01";  // the last byte is the version
constexpr std::size_t kChecksumBytes = 4;
constexpr int kZstdLevel = 3;
// Ten bytes a sample is the worst that a column can need, and its presence, id and place a little more.
constexpr std::size_t kPayloadBytesMax = std::size_t{kSamplesPerBlock} * 32;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// One context a thread, since making one costs more than compressing a tick with it.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context = [] {
    std::unique_ptr<ZSTD_CCtx, FreeCompressor> made(ZSTD_createCCtx());
    check(made != nullptr, "zstd has memory for a context");
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_compressionLevel, kZstdLevel);
    return made;
  }();
  return context.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  check(context != nullptr, "zstd has memory for a context");
  return context.get();
}

void append_checksum(std::string& bytes) {
  const std::uint32_t checksum = crc32c(bytes);
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(checksum >> shift);
}

std::uint32_t read_checksum(std::string_view bytes) {
  std::uint32_t checksum = 0;
  for (std::size_t i = 0; i < kChecksumBytes; ++i)
    checksum |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return checksum;
}

Result<std::string> decompress(std::string_view frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kPayloadBytesMax)
    return fail("the block's compressed part is damaged");
  std::string payload(static_cast<std::size_t>(size), '\0');
  const std::size_t got =
      ZSTD_decompressDCtx(decompressor(), payload.data(), payload.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != payload.size()) return fail("the block's compressed part is damaged");
  return payload;
}

}  // namespace

std::string encode(const Block& block) {
  const std::string payload = encode_payload(block);
  std::string bytes(kMagic.size() + ZSTD_compressBound(payload.size()), '\0');
  kMagic.copy(bytes.data(), kMagic.size());
  const std::size_t size = ZSTD_compress2(compressor(), bytes.data() + kMagic.size(),
                                          bytes.size() - kMagic.size(), payload.data(), payload.size());
  check(ZSTD_isError(size) == 0, "zstd compresses into a buffer of its own bound");
  bytes.resize(kMagic.size() + size);
  append_checksum(bytes);
  return bytes;
}

Result<BlockView> BlockView::open(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + kChecksumBytes) return fail("the block is cut off");
  if (bytes.substr(0, 3) != kMagic.substr(0, 3)) return fail("not a block");
  const std::string_view covered = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (crc32c(covered) != read_checksum(bytes.substr(covered.size())))
    return fail("the block's checksum does not match");
  if (covered[3] != kMagic[3])
    return fail("a block of version " + std::to_string(covered[3]), {}, "a newer ullage reads it");

  auto payload = decompress(covered.substr(kMagic.size()));
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
