// SPDX-License-Identifier: Apache-2.0
// Whether this process is the one that has begun a profile, or a copy that it has forked: told by a page that
// a fork empties (madvise(2), MADV_WIPEONFORK). A child by vfork shares it, as it does the heap. Any thread.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

class OwnProcess {
 public:
  // False where the kernel has no room, or cannot do that.
  bool mark() {
    if (mark_ == nullptr) {
      void* page = map_memory(file::kPage);
      if (page == nullptr) return false;
      if (kernel_call(SYS_madvise, reinterpret_cast<long>(page), file::kPage, MADV_WIPEONFORK) != 0) {
        unmap_memory(page, file::kPage);
        return false;
      }
      mark_ = static_cast<std::atomic<std::uint32_t>*>(page);
    }
    mark_->store(1, std::memory_order_relaxed);
    return true;
  }
  bool is_marked() const { return mark_ != nullptr && mark_->load(std::memory_order_relaxed) != 0; }

 private:
  std::atomic<std::uint32_t>* mark_ = nullptr;
};

}  // namespace ullage::heap::track
