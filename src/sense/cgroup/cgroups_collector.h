// SPDX-License-Identifier: Apache-2.0
// All cgroups of the machine under cAdvisor's names (container_*), by their path and, where a runtime tells,
// by the name and image of the container. The folders are looked through every few seconds; what is idle is
// read as seldom, and keeps no descriptors open meanwhile; nor do more than there are descriptors for. One
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/cgroup/cgroup_identity.h"
#include "sense/cgroup/cgroup_reader.h"
#include "sense/cgroup/cgroup_tree.h"
#include "sense/cgroup/container_names.h"
#include "sense/collector.h"
#include "sense/sample.h"

namespace ullage::sense {

struct CgroupsOptions {
  std::size_t cgroups = 500;  // read at most; the deepest are left out and counted
};

class CgroupsCollector final : public Collector {
 public:
  // The clock must outlive it.
  CgroupsCollector(const OsRoot& root, CgroupsOptions options, const Clock& clock);
  Result<void> collect(metric::Frame& frame) override;

 private:
  struct Watched {
    explicit Watched(CgroupReader cgroup_reader) : reader(std::move(cgroup_reader)) {}
    CgroupReader reader;
    CgroupIdentity identity;
    ContainerNames names;
    std::string folder;
    std::uint64_t inode = 0;
    CgroupSample sample;
    std::chrono::nanoseconds due{0}, all_read_at{0};
    int unchanged_readings = 0;
    bool is_read = false, is_open = false;
  };

  Result<void> look_for_cgroups(std::chrono::nanoseconds now);
  Watched watch(const FoundCgroup& found) const;
  void read(Watched& cgroup, std::chrono::nanoseconds now);
  static void close(Watched& cgroup);
  static void add(const std::string& path, const Watched& cgroup, metric::Frame& frame);

  OsRoot root_;
  CgroupsOptions options_;
  const Clock& clock_;
  std::map<std::string, Watched> cgroups_;  // by path
  std::size_t left_out_ = 0, open_most_;
  std::chrono::nanoseconds looked_at_{0};
  bool is_look_due_ = true;
};

}  // namespace ullage::sense
