// SPDX-License-Identifier: Apache-2.0
// The list of what the watching daemon reads: a line each.
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/collector.h"
#include "sense/host/loadavg_collector.h"
#include "sense/processes/processes_collector.h"

namespace ullage::sense {

namespace {

template <class Kind>
std::unique_ptr<Collector> make(const OsRoot& root) {
  return std::make_unique<Kind>(root);
}

// With the options that are the default; whoever has others, or wants to see the table of processes, makes
// its own.
template <class Kind, class Options>
std::unique_ptr<Collector> make_with_clock(const OsRoot& root) {
  static const SystemClock clock;
  return std::make_unique<Kind>(root, Options(), clock);
}

// clang-format off: a table reads best with a row on a line
constexpr CollectorEntry kCollectors[] = {
    {"cgroups", "/sys/fs/cgroup", make_with_clock<CgroupsCollector, CgroupsOptions>},
    {"loadavg", "/proc/loadavg", make<LoadavgCollector>},
    {"processes", "/proc/PID", make_with_clock<ProcessesCollector, ProcessesOptions>},
};
// clang-format on

}  // namespace

std::span<const CollectorEntry> collectors() { return kCollectors; }

}  // namespace ullage::sense
