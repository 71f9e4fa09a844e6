// SPDX-License-Identifier: Apache-2.0
// The list of what the watching daemon reads: a line each.
#include <memory>
#include <span>

#include "base/os_root.h"
#include "sense/collector.h"
#include "sense/host/loadavg_collector.h"

namespace ullage::sense {

namespace {

template <class Kind>
std::unique_ptr<Collector> make(const OsRoot& root) {
  return std::make_unique<Kind>(root);
}

// clang-format off: a table reads best with a row on a line
constexpr CollectorEntry kCollectors[] = {
    {"loadavg", "/proc/loadavg", make<LoadavgCollector>},
};
// clang-format on

}  // namespace

std::span<const CollectorEntry> collectors() { return kCollectors; }

}  // namespace ullage::sense
