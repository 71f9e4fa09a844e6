// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/table_groups.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sense/processes/group_of.h"
#include "sense/processes/process_row.h"
#include "sense/processes/table_member.h"

namespace ullage::sense {

namespace {

constexpr int kReadingsBetweenSweeps = 60;

}  // namespace

bool TableGroups::begin(std::chrono::nanoseconds now) {
  have_names_changed_ = users_.renew(now);
  if (readings_until_sweep_-- == 0) {
    readings_until_sweep_ = kReadingsBetweenSweeps;
    std::erase_if(groups_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  return have_names_changed_;
}

void TableGroups::name(ProcessRow& row, TableMember& member, std::optional<std::uint32_t> otherwise) {
  member.is_to_be_named = false;
  const auto user_id = row.sample.user_id ? row.sample.user_id : otherwise;
  const bool is_kernel = is_of_kernel(row.sample);
  const bool is_same = row.group != nullptr && !have_names_changed_ && member.named_for.user_id == user_id &&
                       member.named_for.is_of_kernel == is_kernel &&
                       (is_kernel || member.named_for.command_name == row.sample.name) &&
                       member.named_for.cgroup_path == member.cgroup_path;
  // One on its way out has no memory, and no cgroup but the top: it stays with its own.
  if (is_same || (row.group != nullptr && (row.sample.state == 'Z' || row.sample.state == 'X'))) return;
  member.named_for = {.cgroup_path = member.cgroup_path,
                      .command_name = row.sample.name,
                      .user_id = user_id,
                      .is_of_kernel = is_kernel};
  row.group = share(group_of({.cgroup_path = member.cgroup_path,
                              .user = user_id ? std::string_view(users_.name(*user_id)) : std::string_view(),
                              .command_name = row.sample.name,
                              .is_of_kernel = is_kernel}));
}

SharedGroup TableGroups::of(std::string_view cgroup_path, std::uint32_t user_id,
                            std::string_view command_name) {
  return share(
      group_of({.cgroup_path = cgroup_path, .user = users_.name(user_id), .command_name = command_name}));
}

SharedGroup TableGroups::share(ProcessGroup group) {
  const auto found = groups_.find(group);
  if (found != groups_.end()) return found->second;
  auto shared = std::make_shared<const ProcessGroup>(group);
  groups_.emplace(std::move(group), shared);
  return shared;
}

}  // namespace ullage::sense
