// SPDX-License-Identifier: Apache-2.0
// gzip the other way. For tests only.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage::server {

inline std::string unpacked(std::string_view packed) {
  z_stream stream{};
  check(::inflateInit2(&stream, 15 + 16) == Z_OK, "zlib has memory");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int status = Z_OK;
  while (status == Z_OK) {
    char bytes[65'536];
    stream.next_out = reinterpret_cast<Bytef*>(bytes);
    stream.avail_out = sizeof bytes;
    status = ::inflate(&stream, Z_NO_FLUSH);
    text.append(bytes, sizeof bytes - stream.avail_out);
  }
  ::inflateEnd(&stream);
  return status == Z_STREAM_END ? text : "";
}

}  // namespace ullage::server
