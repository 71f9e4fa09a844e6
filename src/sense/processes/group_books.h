// SPDX-License-Identifier: Apache-2.0
// Sums of the machine's processes by group: what the living hold, and what all that ever were of it have
// used, those that have ended included, so that no counter of a group falls. The first groups by use and
// growth have figures of their own, with a margin in which they stay; the rest are one group, the others.
// What is used is counted either with its own group or with the others, never twice. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "sense/processes/growth.h"
#include "sense/processes/process_row.h"
#include "sense/processes/top_choice.h"
#include "sense/sample.h"

namespace ullage::sense {

struct GroupSample {
  // Of the living.
  std::uint64_t processes = 0, threads = 0;
  OptionalBytes resident_bytes, anonymous_bytes, swap_bytes;
  OptionalBytes
      proportional_bytes;  // once PSS is known of all that hold a MiB; the smaller ones' is resident
  OptionalCount open_files;
  std::uint64_t largest_process_bytes = 0;  // of one process, one that has just ended too (its peak)
  std::optional<double> growth_bytes_per_minute;
  std::optional<double> growing_seconds;  // for how long it has grown; absent while it does not
  // Of all that ever were, since it has figures of its own.
  ResourceUse used;
  bool is_io_known = false;
  std::uint64_t births = 0, deaths = 0;
};

class GroupBooks {
 public:
  explicit GroupBooks(std::size_t groups_most);

  void take(std::span<const ProcessRow> rows, std::span<const EndedProcess> ended,
            std::chrono::nanoseconds now);

  struct Shown {
    SharedGroup group;
    const GroupSample* sample;
  };
  std::span<const Shown> shown() const { return shown_; }  // valid until the next take()
  const GroupSample& others() const { return others_; }
  std::size_t groups_in_others() const { return groups_in_others_; }

 private:
  struct Entry {
    SharedGroup group;
    GroupSample sample;
    // Since the reading before, until it is known where to count it.
    ResourceUse used;
    std::uint64_t births = 0, deaths = 0;
    std::size_t without_proportional = 0;
    double usual_cpu_cores = 0;
    Growth growth;
    std::chrono::nanoseconds populated_at{0};
    bool is_ranked = false;  // there for the first time otherwise
  };
  Entry& entry_of(const SharedGroup& group);
  void begin();
  void add(const ProcessRow& row);
  void add(const EndedProcess& process);
  void choose(std::chrono::nanoseconds now);
  void share_out(Entry& entry);

  std::unordered_map<const ProcessGroup*, Entry> entries_;
  TopChoice<const ProcessGroup*> choice_;
  std::vector<TopChoice<const ProcessGroup*>::Candidate> candidates_;
  std::vector<Shown> shown_;
  GroupSample others_;
  std::size_t groups_in_others_ = 0;
  std::optional<std::chrono::nanoseconds> taken_at_;
};

}  // namespace ullage::sense
