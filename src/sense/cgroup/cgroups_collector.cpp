// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroups_collector.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/cgroup/cgroup_identity.h"
#include "sense/cgroup/cgroup_reader.h"
#include "sense/cgroup/cgroup_tree.h"
#include "sense/cgroup/container_names.h"
#include "sense/sample.h"
#include "sense/series.h"

namespace ullage::sense {

using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

constexpr nanoseconds kLookEvery = seconds(5);
constexpr nanoseconds kReadAllEvery = seconds(5);  // limits, marks and pressure as well
constexpr int kIdleSeconds = 4;
constexpr nanoseconds kTickJitter = std::chrono::milliseconds(300);

// Nothing ran in it and its memory is as it was.
bool is_idle(const CgroupSample& before, const CgroupSample& after) {
  return before.usage_seconds == after.usage_seconds && before.current_bytes == after.current_bytes;
}

// An eighth of the descriptors that we may have, for others need some: the history, clients, processes.
std::size_t cgroups_to_keep_open() {
  constexpr std::size_t kFilesEach = 16;
  rlimit files{};
  return ::getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur / 8 / kFilesEach : 1;
}

}  // namespace

CgroupsCollector::CgroupsCollector(const OsRoot& root, CgroupsOptions options, const Clock& clock)
    : root_(root), options_(options), clock_(clock), open_most_(cgroups_to_keep_open()) {}

Result<void> CgroupsCollector::collect(metric::Frame& frame) {
  const nanoseconds now = clock_.monotonic();
  if (is_look_due_ || now - looked_at_ >= kLookEvery)
    if (auto looked = look_for_cgroups(now); !looked) return looked;
  std::size_t open = 0;
  for (auto& [path, cgroup] : cgroups_) {
    if (now >= cgroup.due) read(cgroup, now);
    if (cgroup.is_open && ++open > open_most_) close(cgroup);
    if (cgroup.inode != 0) add(path, cgroup, frame);
  }
  frame.add("ullage_cgroups", static_cast<double>(cgroups_.size()));
  frame.add("ullage_cgroups_left_out", static_cast<double>(left_out_));
  return {};
}

Result<void> CgroupsCollector::look_for_cgroups(nanoseconds now) {
  auto found = find_cgroups(root_, options_.cgroups);
  if (!found) return pass_on(found);
  looked_at_ = now;
  is_look_due_ = false;
  left_out_ = found->left_out;
  std::map<std::string, Watched> next;
  for (const FoundCgroup& cgroup : found->cgroups) {
    const auto known = cgroups_.find(cgroup.path);
    // Another one under the same name has counters of its own.
    if (known != cgroups_.end() && known->second.inode == cgroup.inode)
      next.emplace(cgroup.path, std::move(known->second));
    else
      next.emplace(cgroup.path, watch(cgroup));
  }
  cgroups_.swap(next);
  return {};
}

CgroupsCollector::Watched CgroupsCollector::watch(const FoundCgroup& found) const {
  Watched cgroup(CgroupReader(root_, found.place));
  cgroup.identity = identify_cgroup(found.path);
  cgroup.folder = found.folder;
  cgroup.inode = found.inode;
  const std::string& container = cgroup.identity.container;
  if (container.empty()) return cgroup;
  cgroup.names = read_container_names(root_, container);
  if (cgroup.names.name.empty()) cgroup.names.name = short_container(container);
  return cgroup;
}

void CgroupsCollector::read(Watched& cgroup, nanoseconds now) {
  if (inode_of(root_, cgroup.folder) != cgroup.inode) {
    cgroup.inode = 0;
    is_look_due_ = true;
    return;
  }
  const bool is_all_due =
      !cgroup.is_read || cgroup.unchanged_readings > 0 || now - cgroup.all_read_at >= kReadAllEvery;
  const CgroupSample before = std::exchange(
      cgroup.sample, cgroup.reader.read(is_all_due ? CgroupReader::Which::all : CgroupReader::Which::quick));
  cgroup.is_open = true;
  if (is_all_due) cgroup.all_read_at = now;
  if (!std::exchange(cgroup.is_read, true) || !is_idle(before, cgroup.sample)) {
    cgroup.unchanged_readings = 0;
    cgroup.due = now;
    return;
  }
  cgroup.unchanged_readings = std::min(cgroup.unchanged_readings + 1, kIdleSeconds);
  cgroup.due = now + seconds(cgroup.unchanged_readings) - kTickJitter;
  if (cgroup.unchanged_readings > 1) close(cgroup);
}

void CgroupsCollector::close(Watched& cgroup) {
  cgroup.reader.close();
  cgroup.is_open = false;
}

void CgroupsCollector::add(const std::string& path, const Watched& cgroup, metric::Frame& frame) {
  const std::string id = valid_utf8(path);
  const ContainerNames& names = cgroup.names;
  const std::array<metric::LabelView, 6> labels = {{{"id", id},
                                                    {"name", names.name},
                                                    {"image", names.image},
                                                    {"container", names.container},
                                                    {"pod", names.pod},
                                                    {"namespace", names.pod_namespace}}};
  add_fields(cgroup_fields(), cgroup.sample, labels, frame);
}

}  // namespace ullage::sense
