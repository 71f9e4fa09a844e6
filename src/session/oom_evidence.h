// SPDX-License-Identifier: Apache-2.0
// Collects what tells an OOM kill: the counters of the run's cgroup, of those around it and of the machine
// before and after, and what the kernel's log and the OOM daemons left behind. judge_oom() decides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "act/cage.h"
#include "base/os_root.h"
#include "run/record.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/sample.h"

namespace ullage::session {

class OomWitness {
 public:
  // Before the command starts: what is counted already is not the run's.
  OomWitness(const OsRoot& root, const sense::CgroupPlace& around);

  // The process that holds most, as of now. The largest of the last seconds is the holder: when it has been
  // killed, others outlive it.
  void note_holder(const sense::ProcessSample* largest, std::int64_t now_ms);
  struct OurDeeds {
    bool we_ended_it = false;      // by --timeout or --on-pressure
    bool own_limit_acted = false;  // for exceeding --memory
  };
  // After the end; record has the exit and the process table.
  std::optional<run::Oom> judge(const run::Record& record, const act::Cage& cage, OurDeeds deeds,
                                std::optional<std::int64_t> foreseeable_ms) const;

 private:
  std::uint64_t ancestor_kills() const;
  std::uint64_t machine_kills() const;

  OsRoot root_;
  sense::CgroupPlace around_;
  std::uint64_t ancestor_kills_before_ = 0, machine_kills_before_ = 0;
  std::optional<std::uint64_t> enough_bytes(const run::Record& record) const;

  sense::ProcessSample holder_;
  std::int64_t holder_ms_ = 0;
};

// "Out of memory: the kernel killed python3 (123), …": one sentence.
std::string describe(const run::Oom& oom);

// Of a run that was not ended by it: that the kernel killed some of its processes; empty when it did not.
std::string describe_kills_within(const run::Record& record, std::uint64_t kills);

}  // namespace ullage::session
