// SPDX-License-Identifier: Apache-2.0
// What wraps everything that a series file keeps compressed: a magic of four bytes whose last is the version,
// a zstd frame, and a CRC-32C over both, which is looked at before anything else. docs/formats/block.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage::history {

std::string seal(std::string_view magic, std::string_view payload);
// The payload; an error for any other bytes than seal() made, and for a payload larger than `bytes_max`.
Result<std::string> unseal(std::string_view magic, std::string_view bytes, std::size_t bytes_max);

}  // namespace ullage::history
