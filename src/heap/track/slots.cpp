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
  logged_bytes_ = 0;
  blocks_.forget();
  all_.forget();
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

void Slots::end_at_peak(std::int64_t now_ns) {
  if ((!blocks_.has_left_peak() && !all_.has_left_peak()) || !lock_.try_lock()) return;
  const bool of_blocks = blocks_.has_left_peak(), of_all = all_.has_left_peak();
  if (of_blocks || of_all) end_slot(now_ns);
  if (of_blocks) blocks_.remember();
  if (of_all) all_.remember();
  lock_.unlock();
}

void Slots::live_changed(std::int64_t bytes, std::int64_t now_ns) {
  blocks_.change(bytes);
  all_.change(bytes);
  if (blocks_.is_at_peak())
    worth_telling_.store(std::max(kLeastWorthTelling, blocks_.peak.load(std::memory_order_relaxed) / kTold),
                         std::memory_order_relaxed);
  end_at_peak(now_ns);
}

void Slots::unmapped(std::int64_t bytes, std::int64_t now_ns) {
  all_.change(-bytes);
  end_at_peak(now_ns);
}

void Slots::Extent::change(std::int64_t bytes) {
  const std::int64_t before = live.fetch_add(bytes, std::memory_order_relaxed);
  const std::int64_t most = std::max(before, before + bytes);
  std::int64_t known = peak.load(std::memory_order_relaxed);
  while (most > known && !peak.compare_exchange_weak(known, most, std::memory_order_relaxed)) continue;
}

void Slots::Extent::forget() { live = peak = remembered_peak = 0; }

void Slots::Extent::remember() { remembered_peak = peak.load(std::memory_order_relaxed); }

bool Slots::Extent::is_at_peak() const {
  return live.load(std::memory_order_relaxed) >= peak.load(std::memory_order_relaxed);
}

bool Slots::Extent::has_left_peak() const {
  const std::int64_t most = peak.load(std::memory_order_relaxed);
  const std::int64_t remembered = remembered_peak.load(std::memory_order_relaxed);
  return most - live.load(std::memory_order_relaxed) > most / kPassed &&
         most > remembered + remembered / kGreater;
}

}  // namespace ullage::heap::track
