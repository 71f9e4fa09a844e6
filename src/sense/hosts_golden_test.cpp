// SPDX-License-Identifier: Apache-2.0
// Whole machines in, all their series out, against a golden text: any metric that is renamed, lost or changed
// shows as a diff. ULLAGE_RENEW=1 renews the texts.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ios>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "metric/descriptor.h"
#include "metric/series.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/cgroup/cgroup_reader.h"
#include "sense/fixture.h"
#include "sense/host/host_reader.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/used_memory.h"
#include "sense/sample.h"
#include "sense/series.h"

namespace ullage::sense {
namespace {

constexpr std::int64_t kRootPid = 100;  // of each fixture's program

std::string number(double value) {
  std::array<char, 64> text;
  return {text.data(), static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.12g", value))};
}
std::string number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "absent";
}

std::string describe_place(const OsRoot& root) {
  const auto place = read_cgroup_place(root, std::to_string(kRootPid));
  EXPECT_TRUE(place) << place.error().text();
  const Capacity capacity = read_capacity(root, *place, 0);
  std::string text = "# layout " + std::string(to_string(place->layout)) + "\n";
  text += "# memory folder " + place->memory + "\n# unified folder " + place->unified + "\n";
  text += "# capacity: memory " + number(capacity.memory_bytes) + " (" + capacity.memory_source +
          "), cores " + number(capacity.cores) + " (" + capacity.cores_source + "), processes " +
          number(capacity.processes) + "\n";
  return text + "# headroom " + number(read_headroom_bytes(root, *place)) + "\n";
}

std::string exposition(const OsRoot& root) {
  metric::SeriesTable table;
  metric::Tick tick;
  HostReader host(root);
  HostSeries(table).add(host.read(), tick);
  const auto place = read_cgroup_place(root, std::to_string(kRootPid));
  CgroupReader cgroup(root, *place);
  const CgroupSample cgroup_sample = cgroup.read();
  CgroupSeries(table, "run").add(cgroup_sample, tick);
  const ManualClock clock;
  ProcessTree tree(root, {.root_pid = kRootPid}, clock);
  const auto processes = tree.read();
  std::string text;
  for (const TreeProcess& process : processes) {
    ProcessSeries(table, process.sample.pid, process.sample.name).add(process.sample, tick);
    std::string line = process.command_line;
    std::ranges::replace(line, '\0', ' ');
    text += "# process " + std::to_string(process.sample.pid) + " of " +
            std::to_string(process.sample.parent_pid) + ", state " + process.sample.state + ": " + line +
            "\n";
  }
  const UsedMemory used = used_memory(processes, 0);
  text += "# processes use " + std::to_string(used.best_bytes) + ", at most " +
          std::to_string(used.upper_bytes) + "; the cgroup " + number(cgroup_sample.used_bytes()) + "\n";
  std::map<std::string, std::string> lines;
  for (const metric::Value& value : tick.values) {
    EXPECT_NE(metric::find_descriptor(table.key(value.series).name), nullptr) << table.key(value.series).name;
    lines[table.key(value.series).text()] = number(value.value);
  }
  for (const auto& [series, value] : lines) text += series + " " + value + "\n";
  return text;
}

class Hosts : public testing::TestWithParam<const char*> {};

TEST_P(Hosts, GiveTheSeriesOfTheirGoldenText) {
  Fixture machine;
  machine.unpack("tests/fixtures/hosts/" + std::string(GetParam()) + ".txt");
  const std::string text = describe_place(machine.root()) + exposition(machine.root());
  const std::string golden = "tests/golden/hosts/" + std::string(GetParam()) + ".txt";
  if (std::getenv("ULLAGE_RENEW") != nullptr) {
    std::ofstream(golden, std::ios::binary) << text;
    return;
  }
  const auto expected = read_file(golden);
  ASSERT_TRUE(expected) << expected.error().text();
  EXPECT_EQ(text, *expected) << "renew with ULLAGE_RENEW=1 if this is meant";
}

INSTANTIATE_TEST_SUITE_P(All, Hosts,
                         testing::Values("hybrid", "cgroup_v1", "debian_host", "v2_container",
                                         "generated_128_core"),
                         [](const auto& host) { return std::string(host.param); });

TEST(HostsOfContainers, HaveTheLimitOfThePodAndNotOfTheMachine) {
  Fixture machine;
  machine.unpack("tests/fixtures/hosts/v2_container.txt");
  const auto place = read_cgroup_place(machine.root(), "self");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->memory, "/sys/fs/cgroup/app one");
  const Capacity capacity = read_capacity(machine.root(), *place, 2);
  EXPECT_EQ(capacity.memory_bytes, 2147483648u);
  EXPECT_EQ(capacity.memory_source, "cgroup /");
  EXPECT_DOUBLE_EQ(capacity.cores, 1.5);
  EXPECT_EQ(capacity.processes, 500u);
  EXPECT_LT(*read_headroom_bytes(machine.root(), *place), 250u << 20);
}

}  // namespace
}  // namespace ullage::sense
