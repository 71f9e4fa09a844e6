// SPDX-License-Identifier: Apache-2.0
// Whether this process is the one that has begun a profile, or a copy that it has forked: told by a page that
// a fork empties (madvise(2), MADV_WIPEONFORK), at whatever moment. A child by vfork shares it, as it does
// the heap. Any thread.
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
    mark_->store(kMarked, std::memory_order_release);
    return true;
  }
  bool is_marked() const { return is(kMarked); }
  bool is_copy() const { return is(kWiped); }
  // Of a copy, for one thread of it: the one that is to begin anew, and to mark it then.
  bool claim() {
    std::uint32_t expected = kWiped;
    return mark_ != nullptr && mark_->compare_exchange_strong(expected, kClaimed);
  }

 private:
  static constexpr std::uint32_t kWiped = 0, kMarked = 1, kClaimed = 2;
  bool is(std::uint32_t what) const {
    return mark_ != nullptr && mark_->load(std::memory_order_acquire) == what;
  }

  std::atomic<std::uint32_t>* mark_ = nullptr;
};

}  // namespace ullage::heap::track
