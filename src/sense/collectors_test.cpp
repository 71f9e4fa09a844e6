// SPDX-License-Identifier: Apache-2.0
// The list of collectors as a whole, on the machine that the test runs on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "base/os_root.h"
#include "metric/descriptor.h"
#include "metric/frame.h"
#include "sense/allocation_count.h"
#include "sense/collector.h"

namespace ullage::sense {
namespace {

class Nobody final : public metric::Frame {
 public:
  void add(std::string_view /*name*/, std::span<const metric::LabelView> /*labels*/,
           double /*value*/) override {}
};

class UnknownNames final : public metric::Frame {
 public:
  void add(std::string_view name, std::span<const metric::LabelView> /*labels*/, double /*value*/) override {
    if (metric::find_descriptor(name) == nullptr) names += std::string(name) + '\n';
  }
  std::string names;
};

TEST(Collectors, AreListedByName) {
  EXPECT_TRUE(std::ranges::is_sorted(collectors(), {}, &CollectorEntry::name));
  EXPECT_EQ(std::ranges::adjacent_find(collectors(), {}, &CollectorEntry::name), collectors().end());
}

TEST(Collectors, GiveOnlyWhatTheTableOfMetricsKnows) {
  UnknownNames frame;
  for (const CollectorEntry& entry : collectors())
    static_cast<void>(entry.make(OsRoot::live())->collect(frame));
  EXPECT_EQ(frame.names, "");
}

TEST(Collectors, AllocateNothingInASteadyTick) {
  constexpr std::string_view kOnThreadsOfTheirOwn[] = {"cpufreq",  "disk_info", "filesystem",   "hwmon",
                                                       "netclass", "selinux",   "thermal_zone", "udp_queues"};
  for (const CollectorEntry& entry : collectors()) {
    if (std::ranges::find(kOnThreadsOfTheirOwn, entry.name) != std::end(kOnThreadsOfTheirOwn)) continue;
    const auto collector = entry.make(OsRoot::live());
    Nobody frame;
    if (!collector->collect(frame) || !collector->collect(frame)) continue;  // not to be read here
    const std::size_t before = allocation_count();
    static_cast<void>(collector->collect(frame));
    EXPECT_EQ(allocation_count(), before) << entry.name;
  }
}

}  // namespace
}  // namespace ullage::sense
