// SPDX-License-Identifier: Apache-2.0
// Time, passed in. Nothing but SystemClock reads the machine's clocks, so that a test or a simulation
// runs a month in a second. Wall time is milliseconds since the epoch (as samples carry); elapsed time
// comes from the monotonic clock, which nobody sets back.
#pragma once

#include <chrono>
#include <cstdint>

namespace ullage {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t wall_ms() const = 0;
  virtual std::chrono::nanoseconds monotonic() const = 0;  // since an arbitrary start
  virtual std::chrono::nanoseconds own_cpu() const = 0;    // that this process has used
};

class SystemClock final : public Clock {
 public:
  std::int64_t wall_ms() const override;
  std::chrono::nanoseconds monotonic() const override;
  std::chrono::nanoseconds own_cpu() const override;
};

// Stands still until told to move.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wall_ms = 1'700'000'000'000) : wall_ms_(wall_ms) {}
  std::int64_t wall_ms() const override { return wall_ms_; }
  std::chrono::nanoseconds monotonic() const override { return monotonic_; }
  std::chrono::nanoseconds own_cpu() const override { return std::chrono::nanoseconds(0); }

  void advance(std::chrono::nanoseconds by) {
    monotonic_ += by;
    wall_ms_ += std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
  }
  // As an administrator or NTP does: the wall clock jumps, the monotonic one does not.
  void set_wall_ms(std::int64_t wall_ms) { wall_ms_ = wall_ms; }

 private:
  std::int64_t wall_ms_;
  std::chrono::nanoseconds monotonic_{0};
};

inline double to_seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace ullage
