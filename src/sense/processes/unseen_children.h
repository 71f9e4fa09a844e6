// SPDX-License-Identifier: Apache-2.0
// Processor time of processes that nobody saw, where exit records may not be read: when a parent has waited
// for a child, the kernel credits it with what the child and the children that this one waited for have used
// (cutime and cstime, proc_pid_stat(5)). What such a credit has beyond the children that were seen to end was
// used by others, or by these since they were last read. Children that nobody waits for are lost. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sense/processes/process_row.h"

namespace ullage::sense {

class UnseenChildren {
 public:
  // A parent's credit has risen by this since the reading before.
  void credit(std::int64_t parent_pid, const ResourceUse& used);
  // A child that was seen has ended: what it, and the children it waited for, had used when last read. The
  // parent is the nearest ancestor that is alive; kNobody: not known, and anybody may be credited with it.
  static constexpr std::int64_t kNobody = 0;
  void end(std::int64_t parent_pid, const ResourceUse& used, std::chrono::nanoseconds now);
  // When all of a reading is told: what is left of the credits of the reading before, for until now a child's
  // end may not have been seen. most_seconds: what all processors together can have done since.
  struct Left {
    std::int64_t parent_pid;
    ResourceUse used;
  };
  const std::vector<Left>& settle(double most_seconds, std::chrono::nanoseconds now);

 private:
  struct Ended {
    ResourceUse used;  // no credit has come for it yet
    std::chrono::nanoseconds at{0};
  };
  std::unordered_map<std::int64_t, Ended> ended_;  // by parent
  std::unordered_map<std::int64_t, ResourceUse> credits_, credits_before_;
  std::vector<Left> left_;
};

}  // namespace ullage::sense
