// SPDX-License-Identifier: Apache-2.0
// Time in slots: changes are added up per slot, so that the file stays bounded however long the program runs.
// Slots begin 10 ms wide and double after 256 of them, or earlier when much was logged; one ends before its
// time when blocks, or blocks and mapped memory, have just passed their greatest extent, so that this moment
// can be asked for.
#pragma once

#include <atomic>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

class Slots {
 public:
  void write_to(file::FileHeader& header, std::int64_t now_ns);
  std::uint32_t current() const { return current_.load(std::memory_order_acquire); }

  void look_at_clock(std::int64_t now_ns);
  // Before its time: what is freed at the exit stands apart from what came before.
  void end(std::int64_t now_ns);
  void logged(std::uint64_t bytes) { logged_bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  // So many bytes more (or less) of blocks live.
  void live_changed(std::int64_t bytes, std::int64_t now_ns);
  // Of mapped memory. More of it is a peak when it is given back, or when others come to it, not before:
  // allocators map more than they want and cut it to what they do.
  void mapped(std::int64_t bytes) { all_.live.fetch_add(bytes, std::memory_order_relaxed); }
  void unmapped(std::int64_t bytes, std::int64_t now_ns);
  void cut(std::int64_t bytes) { all_.live.fetch_sub(bytes, std::memory_order_relaxed); }
  // A thread tells what has changed when it is more than this.
  std::int64_t worth_telling() const { return worth_telling_.load(std::memory_order_relaxed); }

 private:
  // How much lives, the most that did, and the most of which a slot's end tells.
  struct Extent {
    std::atomic<std::int64_t> live{0}, peak{0}, remembered_peak{0};

    void change(std::int64_t bytes);
    void forget();
    void remember();
    bool is_at_peak() const;
    bool has_left_peak() const;
  };

  void end_slot(std::int64_t now_ns);
  void end_at_peak(std::int64_t now_ns);

  alignas(64) std::atomic<std::uint32_t> current_{0};
  std::atomic<std::int64_t> ends_ns_{0}, worth_telling_{0};
  alignas(64) SpinLock lock_;
  file::FileHeader* header_ = nullptr;
  std::int64_t width_ns_ = 0;
  std::uint32_t of_this_width_ = 0;
  std::atomic<std::uint64_t> logged_bytes_{0};
  alignas(64) Extent blocks_, all_;  // apart: beside a great mapping the peak of blocks would not be seen
};

}  // namespace ullage::heap::track
