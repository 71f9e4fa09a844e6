// SPDX-License-Identifier: Apache-2.0
// Any bytes as a datagram of the taskstats family, which may hold several messages.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "sense/proc/exit_records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ullage::sense::ExitRecordJoiner joiner;
  std::vector<ullage::sense::ExitRecord> records;
  joiner.add({reinterpret_cast<const char*>(data), size}, records);
  for (const ullage::sense::ExitRecord& record : records)
    if (record.name.size() > 32) std::abort();
  return 0;
}
