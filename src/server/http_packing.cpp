// SPDX-License-Identifier: Apache-2.0
#include "server/http_packing.h"

#include <zconf.h>
#include <zlib.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace ullage::server {

namespace {

// The q of "…; q=0.5"; 1 where there is none.
double quality_in(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = trim(take_until(parameters, ';'));
    if (parameter.starts_with("q=") || parameter.starts_with("Q="))
      return to_double(parameter.substr(2)).value_or(0);
  }
  return 1;
}

}  // namespace

double quality_of(std::string_view accept, std::string_view wanted) {
  double exact = -1, any = -1;
  const std::string_view family = wanted.substr(0, wanted.find('/') + 1);
  while (!accept.empty()) {
    std::string_view parameters = take_until(accept, ',');
    const std::string_view name = trim(take_until(parameters, ';'));
    if (name == wanted)
      exact = quality_in(parameters);
    else if (name == "*" || name == "*/*" ||
             (!family.empty() && name.starts_with(family) && name.ends_with("/*")))
      any = quality_in(parameters);
  }
  return exact >= 0 ? exact : any;
}

bool accepts_gzip(std::string_view accept_encoding) { return quality_of(accept_encoding, "gzip") > 0; }

std::string gzip(std::string_view body) {
  z_stream stream{};
  constexpr int kGzipOf32KiB = 15 + 16, kMemoryLevel = 8;
  check(::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipOf32KiB, kMemoryLevel, Z_DEFAULT_STRATEGY) ==
            Z_OK,
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
  constexpr int kGzipOf32KiB = 15 + 16;
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

}  // namespace ullage::server
