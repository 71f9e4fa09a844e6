// SPDX-License-Identifier: Apache-2.0
#include "sense/system/entropy_collector.h"

#include "base/result.h"
#include "metric/frame.h"

namespace ullage::sense {

Result<void> EntropyCollector::collect(metric::Frame& frame) {
  const auto available = available_.read_number(buffer_);
  if (!available) return fail("cannot be read", "/proc/sys/kernel/random/entropy_avail");
  frame.add("node_entropy_available_bits", static_cast<double>(*available));
  if (const auto pool = pool_.read_number(buffer_))
    frame.add("node_entropy_pool_size_bits", static_cast<double>(*pool));
  return {};
}

}  // namespace ullage::sense
