// SPDX-License-Identifier: Apache-2.0
#include "history/envelope.h"

#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "history/checksum.h"

namespace ullage::history {

namespace {

constexpr std::size_t kMagicBytes = 4;
constexpr std::size_t kChecksumBytes = 4;
constexpr int kZstdLevel = 3;

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

// Its checksum, kind and version.
Result<std::string_view> covered_part(std::string_view magic, std::string_view bytes) {
  if (bytes.size() < kMagicBytes + kChecksumBytes) return fail("it is cut off");
  if (bytes.substr(0, 3) != magic.substr(0, 3)) return fail("it is something else");
  const std::string_view covered = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (crc32c(covered) != read_checksum(bytes.substr(covered.size())))
    return fail("its checksum does not match");
  if (covered[3] < 1 || covered[3] > magic[3])
    return fail("it is of version " + std::to_string(covered[3]), {}, "a newer ullage reads it");
  return covered;
}

}  // namespace

std::string seal(std::string_view magic, std::string_view payload) { return seal(magic, {&payload, 1}); }

std::string seal(std::string_view magic, std::span<const std::string_view> pieces) {
  check(magic.size() == kMagicBytes, "a magic has four bytes");
  std::size_t room = kMagicBytes + kChecksumBytes;
  for (const std::string_view piece : pieces) room += ZSTD_compressBound(piece.size());
  std::string bytes(room, '\0');
  magic.copy(bytes.data(), kMagicBytes);
  std::size_t end = kMagicBytes;
  for (const std::string_view piece : pieces) {
    const std::size_t size =
        ZSTD_compress2(compressor(), bytes.data() + end, bytes.size() - end, piece.data(), piece.size());
    check(ZSTD_isError(size) == 0, "zstd compresses into a buffer of its own bound");
    end += size;
  }
  bytes.resize(end);
  append_checksum(bytes);
  return bytes;
}

Result<std::string> unseal(std::string_view magic, std::string_view bytes, std::size_t bytes_max) {
  auto sealed = open_seal(magic, bytes, bytes_max);
  if (!sealed) return pass_on(sealed);
  if (sealed->frames.size() != 1 || sealed->version != static_cast<unsigned char>(magic[3]))
    return fail("its compressed part is damaged");
  const Sealed::Frame& frame = sealed->frames.front();
  return decompress_frame(bytes.substr(frame.begin, frame.end - frame.begin), frame.size);
}

Result<Sealed> open_seal(std::string_view magic, std::string_view bytes, std::size_t bytes_max) {
  const auto covered = covered_part(magic, bytes);
  if (!covered) return fail(covered.error());
  Sealed sealed{.version = static_cast<unsigned char>((*covered)[3]), .frames = {}};
  std::size_t total = 0;
  for (std::size_t begin = kMagicBytes; begin < covered->size() || sealed.frames.empty();) {
    const std::string_view rest = covered->substr(begin);
    const unsigned long long size = ZSTD_getFrameContentSize(rest.data(), rest.size());
    const std::size_t compressed = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || ZSTD_isError(compressed) != 0 ||
        size > bytes_max - total)
      return fail("its compressed part is damaged");
    sealed.frames.push_back({begin, begin + compressed, static_cast<std::size_t>(size)});
    total += static_cast<std::size_t>(size);
    begin += compressed;
  }
  return sealed;
}

Result<std::string> decompress_frame(std::string_view frame, std::size_t size) {
  std::string payload(size, '\0');
  const std::size_t got =
      ZSTD_decompressDCtx(decompressor(), payload.data(), payload.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != payload.size()) return fail("its compressed part is damaged");
  return payload;
}

}  // namespace ullage::history
