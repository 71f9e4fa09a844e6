// SPDX-License-Identifier: Apache-2.0
// A share of one core that may go into costly readings, saved up within bounds; and PSS in turn within it:
// the large and long unread first. What a reading takes is what the clock says it took. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "sense/proc/process_files.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/tracked_process.h"

namespace ullage::sense {

class CostlyBudget {
 public:
  CostlyBudget(double share_of_one_core, const Clock& clock);

  // The share of the time since the last call.
  void earn(std::chrono::nanoseconds now);
  template <class Read>
  std::chrono::nanoseconds pay_for(Read read) {
    const std::chrono::nanoseconds begin = clock_.monotonic();
    read();
    const std::chrono::nanoseconds cost = clock_.monotonic() - begin;
    left_ -= cost;
    return cost;
  }
  // As pay_for(), in processor time of this process, which is dearer to ask for: on a busy machine the clock
  // on the wall goes on while others have the processor, and a few such turns would eat up the budget of
  // minutes.
  template <class Read>
  std::chrono::nanoseconds pay_processor_time_for(Read read) {
    const std::chrono::nanoseconds begin = clock_.own_cpu();
    read();
    const std::chrono::nanoseconds cost = clock_.own_cpu() - begin;
    left_ -= cost;
    return cost;
  }
  std::chrono::nanoseconds left() const { return left_; }
  // More will not be saved: who costs more than this is read now or never.
  bool is_full() const { return share_ > 0 && left_ >= most(); }
  bool is_spent() const { return left_ <= std::chrono::nanoseconds(0); }

 private:
  std::chrono::nanoseconds most() const;

  double share_;
  const Clock& clock_;
  std::chrono::nanoseconds left_;
  std::optional<std::chrono::nanoseconds> earned_at_;
};

// What is smaller hardly shares anything.
bool is_worth_proportional(const TreeProcess& process);

struct ProportionalTurn {
  TreeProcess* process;
  TrackedProcess* tracked;
  double weight = 0;  // the turn's own
};
// Of these, as many as there is budget for; one that costs more than can be saved has its turn when the
// budget is full, and puts it in debt. The vector is reordered.
void read_proportional_in_turn(std::vector<ProportionalTurn>& candidates, ProcessFiles& files,
                               CostlyBudget& budget, std::chrono::nanoseconds now);

}  // namespace ullage::sense
