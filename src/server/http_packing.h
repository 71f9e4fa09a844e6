// SPDX-License-Identifier: Apache-2.0
// gzip, for clients that take it. Pure, but not fast: about 10 ms a megabyte, so not on the loop for large
// bodies.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ullage::server {

constexpr std::size_t kPackBytesMin = 1024;  // below, it is not worth it

bool accepts_gzip(std::string_view accept_encoding);
std::string gzip(std::string_view body);
std::optional<std::string> gunzip(std::string_view packed);  // absent when it is no whole gzip

// How much the client likes a media type, by its Accept: 0 … 1; -1 where it is not named, by * neither.
double quality_of(std::string_view accept, std::string_view media_type);

}  // namespace ullage::server
