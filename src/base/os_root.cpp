// SPDX-License-Identifier: Apache-2.0
#include "base/os_root.h"

#include <unistd.h>

namespace ullage {

OsRoot OsRoot::live() {
  return {.page_size_bytes = sysconf(_SC_PAGESIZE), .ticks_per_second = sysconf(_SC_CLK_TCK)};
}

}  // namespace ullage
