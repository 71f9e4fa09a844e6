// SPDX-License-Identifier: Apache-2.0
// All processes of the machine as series: ullage_group_* of the groups they belong to, ullage_process_* of
// those that are first by memory, by processor time and by growth, and counts of them all. The whole table
// stays for whoever wants to look at it (`top`, the web pages). One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/bpf/task_iterator.h"
#include "sense/collector.h"
#include "sense/proc/exit_records.h"
#include "sense/processes/group_books.h"
#include "sense/processes/process_row.h"
#include "sense/processes/process_table.h"
#include "sense/processes/top_choice.h"

namespace ullage::sense {

struct ProcessesOptions {
  TableOptions table = {};
  std::size_t groups = 100;    // with series of their own, at most
  bool uses_bpf = true;        // where it is allowed
  std::size_t processes = 50;  // by each of memory, processor time and growth, at most
};

class ProcessesCollector final : public Collector {
 public:
  // The clock must outlive it.
  ProcessesCollector(const OsRoot& root, const ProcessesOptions& options, const Clock& clock);
  Result<void> collect(metric::Frame& frame) override;

  // As of the last collect(); valid until the next. Arguments are not masked.
  std::span<const ProcessRow> rows() const { return table_.rows(); }
  std::span<const GroupBooks::Shown> groups() const { return books_.shown(); }
  HiddenProcesses hidden() const { return table_.hidden(); }
  // Why the kernel does not tell which processes have moved, or how those that ended did; empty where it
  // does.
  const std::string& tasks_problem() const { return tasks_problem_; }
  const std::string& exits_problem() const { return exits_problem_; }

 private:
  using PidChoice = TopChoice<std::int64_t>;
  static constexpr std::size_t kChoices = 3;  // by memory, by processor time, by growth

  void count_all();
  void choose_processes();
  void add_machine(metric::Frame& frame) const;
  void add_groups(metric::Frame& frame) const;
  void add_processes(metric::Frame& frame);

  const Clock& clock_;
  std::string exits_problem_, tasks_problem_;
  std::optional<ExitRecords> exits_;  // both where the kernel lets us
  std::optional<TaskIterator> tasks_;
  ProcessTable table_;
  GroupBooks books_;
  std::array<PidChoice, kChoices> choices_;
  std::array<std::vector<PidChoice::Candidate>, kChoices> candidates_;
  std::vector<std::int64_t> chosen_;
  std::uint64_t births_ = 0, deaths_ = 0, unseen_ = 0;
};

}  // namespace ullage::sense
