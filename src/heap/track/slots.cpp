// SPDX-License-Identifier: Apache-2.0
#include "heap/track/slots.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

namespace {

constexpr std::int64_t kFirstWidthNs = 10'000'000;
constexpr std::uint32_t kSlotsOfAWidth = 256;
constexpr std::uint64_t kLoggedOfAWidth = 2 << 20;
constexpr std::int64_t kLeastWorthTelling = 4096;
// Shares of the peak: what a moment may differ from it, and how much greater the next one worth remembering
// is.
constexpr std::int64_t kPassed = 256, kGreater = 256, kTold = 1024;

}  // namespace

void Slots::write_to(file::FileHeader& header, std::int64_t now_ns) {
  lock_.unlock();
  header_ = &header;
  width_ns_ = kFirstWidthNs;
  of_this_width_ = 0;
  remembered_peak_ = 0;
  logged_bytes_ = 0;
  current_ = 0;
  worth_telling_ = kLeastWorthTelling;
  ends_ns_ = now_ns + width_ns_;
}

void Slots::look_at_clock(std::int64_t now_ns) {
  // Mostly the same as at the event before: nothing is written that other processors have read.
  if (header_->last_event_ns.load(std::memory_order_relaxed) != now_ns)
    header_->last_event_ns.store(now_ns, std::memory_order_relaxed);
  if (now_ns < ends_ns_.load(std::memory_order_relaxed) || !lock_.try_lock()) return;
  if (now_ns >= ends_ns_.load(std::memory_order_relaxed)) end_slot(now_ns);
  lock_.unlock();
}

void Slots::end(std::int64_t now_ns) {
  const Locked locked(lock_);
  header_->last_event_ns.store(now_ns, std::memory_order_relaxed);
  end_slot(now_ns);
}

void Slots::end_slot(std::int64_t now_ns) {
  const std::uint32_t slot = current_.load(std::memory_order_relaxed);
  if (slot + 1 == file::kSlotsMax) {  // the last one has no end
    ends_ns_.store(INT64_MAX, std::memory_order_relaxed);
    return;
  }
  header_->slots[slot].monotonic_ns = now_ns;
  if (++of_this_width_ >= kSlotsOfAWidth || logged_bytes_.load(std::memory_order_relaxed) > kLoggedOfAWidth) {
    width_ns_ *= 2;
    of_this_width_ = 0;
    logged_bytes_.store(0, std::memory_order_relaxed);
  }
  ends_ns_.store(now_ns + width_ns_, std::memory_order_relaxed);
  header_->slot.store(slot + 1, std::memory_order_release);
  current_.store(slot + 1, std::memory_order_release);
}

void Slots::live_changed(std::int64_t bytes, std::int64_t now_ns) {
  const std::int64_t live = header_->live_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  std::int64_t peak = header_->peak_bytes.load(std::memory_order_relaxed);
  while (live > peak && !header_->peak_bytes.compare_exchange_weak(peak, live, std::memory_order_relaxed))
    continue;
  if (live >= peak) {
    worth_telling_.store(std::max(kLeastWorthTelling, live / kTold), std::memory_order_relaxed);
    return;
  }
  const bool is_passed = peak - live > peak / kPassed;
  if (!is_passed || peak <= remembered_peak_ + remembered_peak_ / kGreater || !lock_.try_lock()) return;
  if (peak > remembered_peak_ + remembered_peak_ / kGreater) {
    const std::uint32_t slot = current_.load(std::memory_order_relaxed);
    end_slot(now_ns);
    header_->peak_slot.store(slot, std::memory_order_relaxed);
    remembered_peak_ = peak;
  }
  lock_.unlock();
}

}  // namespace ullage::heap::track
