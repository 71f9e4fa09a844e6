// SPDX-License-Identifier: Apache-2.0
// Any bytes as a process's files: a name comes back as it stood, and nothing is read beyond the end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sense/proc/proc_counters.h"
#include "sense/proc/proc_stat.h"
#include "sense/proc/proc_status.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto stat = ullage::sense::parse_proc_stat(text)) {
    const std::string_view name = stat->name;
    if (name.data() < text.data() || name.data() + name.size() > text.data() + text.size()) std::abort();
    // A line that is good stays so when more follows that has no ')'.
    if (stat->name.size() > text.size()) std::abort();
  }
  ullage::sense::parse_proc_status(text);
  ullage::sense::parse_proc_io(text);
  ullage::sense::parse_run_queue_wait(text);
  ullage::sense::parse_smaps_rollup(text);
  return 0;
}
