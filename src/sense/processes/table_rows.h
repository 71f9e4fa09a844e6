// SPDX-License-Identifier: Apache-2.0
// The rows of the whole-machine table in order of pid; in step with them what is kept of each process between
// readings, and an alarm that says when it is looked at again. Alarms lie together in little memory: of a
// thousand processes that sleep nothing else is touched. A part of process_table.cpp. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "sense/processes/process_row.h"
#include "sense/processes/table_member.h"

namespace ullage::sense {

struct TableAlarm {
  std::int64_t pid = 0;
  std::chrono::nanoseconds at{0};  // even if nothing is told of it
  bool is_told = false;            // of, by the kernel
  bool is_denied = false;          // as its member says
  bool is_gone = false;            // its row is to be removed
  // What its turn for PSS is decided by, while it waits for one.
  bool wants_proportional = false;
  std::uint64_t resident_bytes = 0;
  std::chrono::nanoseconds proportional_at{0};
};

class TableRows {
 public:
  std::size_t size() const { return rows_.size(); }
  std::span<const ProcessRow> all() const { return rows_; }
  ProcessRow& row(std::size_t index) { return rows_[index]; }
  const ProcessRow& row(std::size_t index) const { return rows_[index]; }
  TableMember& member(std::size_t index) { return *members_[index]; }
  const TableMember& member(std::size_t index) const { return *members_[index]; }
  std::span<TableAlarm> alarms() { return alarms_; }
  std::span<const TableAlarm> alarms() const { return alarms_; }

  std::size_t find(std::int64_t pid) const;  // size() when there is none
  // Those whose alarm says so; each is shown before, and its member given away.
  using Leave = std::function<void(const ProcessRow&, std::unique_ptr<TableMember>)>;
  void remove_gone(const Leave& leave);
  // Ascending, and none of them there. Each has its number only.
  void insert(std::span<const std::int64_t> pids);

 private:
  void resize(std::size_t count);
  void move(std::size_t from, std::size_t to);

  std::vector<ProcessRow> rows_;
  std::vector<std::unique_ptr<TableMember>> members_;
  std::vector<TableAlarm> alarms_;
};

}  // namespace ullage::sense
