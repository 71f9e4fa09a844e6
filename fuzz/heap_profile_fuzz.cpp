// SPDX-License-Identifier: Apache-2.0
// Any bytes as a folded profile, and, since no fuzzer guesses checksums, as what is inside one. What is a
// profile must mean the same when it is written again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "heap/interpret/profile_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)ullage::heap::decode_profile(bytes);
  const auto profile = ullage::heap::parse_profile_payload(bytes);
  if (!profile) return 0;
  const std::string payload = ullage::heap::profile_payload(*profile);
  const auto again = ullage::heap::parse_profile_payload(payload);
  ullage::check(again.has_value(), "a profile that was written is read");
  ullage::check(ullage::heap::profile_payload(*again) == payload, "it is the same");
  return 0;
}
