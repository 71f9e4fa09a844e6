// SPDX-License-Identifier: Apache-2.0
// A Profile as few bytes and back, the same to the last bit: column by column, numbers as differences, text
// once, then zstd under a checksum. docs/formats/heap.md. Every index is checked when it is read, so that who
// has a Profile need not.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "heap/profile.h"

namespace ullage::heap {

std::string encode_profile(const Profile& profile);
Result<Profile> decode_profile(std::string_view bytes);

// What is within the checksum.
std::string profile_payload(const Profile& profile);
Result<Profile> parse_profile_payload(std::string_view payload);

}  // namespace ullage::heap
