// SPDX-License-Identifier: Apache-2.0
// What a client takes: whether packed (base/gzip.h), and of which media type most.
#pragma once

#include <cstddef>
#include <string_view>

namespace ullage::server {

constexpr std::size_t kPackBytesMin = 1024;  // below, it is not worth it

bool accepts_gzip(std::string_view accept_encoding);

// How much the client likes a media type, by its Accept: 0 … 1; -1 where it is not named, by * neither.
double quality_of(std::string_view accept, std::string_view media_type);

}  // namespace ullage::server
