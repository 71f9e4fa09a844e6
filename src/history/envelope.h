// SPDX-License-Identifier: Apache-2.0
// What wraps everything that a series file keeps compressed: a magic of four bytes whose last is the version,
// a zstd frame, and a CRC-32C over both, which is looked at before anything else. docs/formats/block.md.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ullage::history {

std::string seal(std::string_view magic, std::string_view payload);
// The payload; an error for any other bytes than seal() made, and for a payload larger than `bytes_max`.
Result<std::string> unseal(std::string_view magic, std::string_view bytes, std::size_t bytes_max);

// The same with several frames under one checksum, so that who wants a part need not decompress the rest.
std::string seal(std::string_view magic, std::span<const std::string_view> pieces);
struct Sealed {
  struct Frame {
    std::size_t begin = 0;  // in the bytes, compressed
    std::size_t end = 0;
    std::size_t size = 0;  // decompressed
  };
  unsigned version = 0;
  std::vector<Frame> frames;  // one at least
};
// What was sealed with this magic, of any version from 1 to the magic's; with checks as unseal() has them.
Result<Sealed> open_seal(std::string_view magic, std::string_view bytes, std::size_t bytes_max);
Result<std::string> decompress_frame(std::string_view frame, std::size_t size);

}  // namespace ullage::history
