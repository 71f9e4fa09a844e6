// SPDX-License-Identifier: Apache-2.0
#include "base/gzip.h"

#include <zconf.h>
#include <zlib.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage {

namespace {

constexpr int kGzipOf32KiB = 15 + 16;

}  // namespace

std::string gzip(std::string_view body, Packing packing) {
  z_stream stream{};
  constexpr int kMemoryLevel = 8;
  const int level = packing == Packing::fast ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION;
  check(::deflateInit2(&stream, level, Z_DEFLATED, kGzipOf32KiB, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK,
        "zlib has memory");
  std::string packed(::deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(body.data());
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  check(::deflate(&stream, Z_FINISH) == Z_STREAM_END, "the bound of what zlib makes is one");
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

std::optional<std::string> gunzip(std::string_view packed) {
  z_stream stream{};
  constexpr std::size_t kChunkBytes = 64u << 10;
  check(::inflateInit2(&stream, kGzipOf32KiB) == Z_OK, "zlib has memory");
  stream.next_in = reinterpret_cast<const Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t begin = text.size();
    text.resize(begin + kChunkBytes);
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + begin);
    stream.avail_out = static_cast<uInt>(kChunkBytes);
    status = ::inflate(&stream, Z_NO_FLUSH);
    text.resize(begin + kChunkBytes - stream.avail_out);
  }
  ::inflateEnd(&stream);
  if (status != Z_STREAM_END) return std::nullopt;
  return text;
}

}  // namespace ullage
