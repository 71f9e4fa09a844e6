// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78, RFC 3720 appendix B.4): finds every error of up to
// five bits in a block of our size and every burst of up to 32, which is what a damaged disk makes.
#pragma once

#include <cstdint>
#include <string_view>

namespace ullage::history {

std::uint32_t crc32c(std::string_view bytes);
// The same where the processor has no instruction for it.
std::uint32_t crc32c_by_table(std::string_view bytes);

}  // namespace ullage::history
