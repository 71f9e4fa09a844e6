// SPDX-License-Identifier: Apache-2.0
#include "sense/sample.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ullage::sense {

OptionalBytes CgroupSample::used_bytes() const {
  if (!anonymous_bytes) return std::nullopt;
  const std::uint64_t sum = *anonymous_bytes + shared_bytes.value_or(0) + kernel_bytes.value_or(0) +
                            unevictable_bytes.value_or(0) + dirty_bytes.value_or(0);
  // The parts are counted per processor and summed late; the whole is not.
  return current_bytes ? std::min(sum, *current_bytes) : sum;
}

}  // namespace ullage::sense
