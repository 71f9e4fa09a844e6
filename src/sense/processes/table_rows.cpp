// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/table_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "sense/processes/process_row.h"
#include "sense/processes/table_member.h"

namespace ullage::sense {

std::size_t TableRows::find(std::int64_t pid) const {
  const auto found = std::ranges::lower_bound(alarms_, pid, {}, &TableAlarm::pid);
  return found == alarms_.end() || found->pid != pid ? size()
                                                     : static_cast<std::size_t>(found - alarms_.begin());
}

void TableRows::resize(std::size_t count) {
  rows_.resize(count);
  members_.resize(count);
  alarms_.resize(count);
}

void TableRows::move(std::size_t from, std::size_t to) {
  rows_[to] = std::move(rows_[from]);
  members_[to] = std::move(members_[from]);
  alarms_[to] = alarms_[from];
}

void TableRows::remove_gone(const Leave& leave) {
  auto kept =
      static_cast<std::size_t>(std::ranges::find(alarms_, true, &TableAlarm::is_gone) - alarms_.begin());
  for (std::size_t i = kept; i < size(); ++i) {
    if (alarms_[i].is_gone)
      leave(rows_[i], std::move(members_[i]));
    else
      move(i, kept++);
  }
  resize(kept);
}

// Numbers rise, so that most of those who come stand at the end.
void TableRows::insert(std::span<const std::int64_t> pids) {
  std::size_t unmoved = size(), place = unmoved + pids.size();
  resize(place);
  for (auto pid = pids.rbegin(); pid != pids.rend(); ++pid) {
    while (unmoved > 0 && alarms_[unmoved - 1].pid > *pid) move(--unmoved, --place);
    --place;
    rows_[place] = ProcessRow();
    rows_[place].sample.pid = *pid;
    members_[place] = std::make_unique<TableMember>();
    alarms_[place] = {.pid = *pid};
  }
}

}  // namespace ullage::sense
