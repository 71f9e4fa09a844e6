// SPDX-License-Identifier: Apache-2.0
// gzip of whole texts. Pure, but not quick: about 10 ms a megabyte, so not on the loop for large ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ullage {

enum class Packing : std::uint8_t { fast, small };
std::string gzip(std::string_view body, Packing packing = Packing::fast);
std::optional<std::string> gunzip(std::string_view packed);  // absent when it is no whole gzip

}  // namespace ullage
