// SPDX-License-Identifier: Apache-2.0
// The groups of the table's processes, each kept once and shared. A part of process_table.cpp. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/os_root.h"
#include "sense/processes/process_row.h"
#include "sense/processes/table_member.h"
#include "sense/processes/user_names.h"

namespace ullage::sense {

class TableGroups {
 public:
  explicit TableGroups(const OsRoot& root) : users_(root) {}

  // Before the rows of each reading. Whether names of users have changed, so that any row may want another.
  bool begin(std::chrono::nanoseconds now);
  // Whether its group may be another than it has.
  bool wants(const ProcessRow& row, const TableMember& member) const {
    return member.is_to_be_named || have_names_changed_ || row.group == nullptr ||
           (row.sample.user_id && row.sample.user_id != member.named_for.user_id);
  }
  // Gives the row its group, anew where what decides it has changed. otherwise: the user, where its own is
  // not known yet.
  void name(ProcessRow& row, TableMember& member, std::optional<std::uint32_t> otherwise);
  SharedGroup of(std::string_view cgroup_path, std::uint32_t user_id, std::string_view command_name);

 private:
  SharedGroup share(ProcessGroup group);

  UserNames users_;
  bool have_names_changed_ = false;
  int readings_until_sweep_ = 0;
  std::map<ProcessGroup, SharedGroup> groups_;
};

}  // namespace ullage::sense
