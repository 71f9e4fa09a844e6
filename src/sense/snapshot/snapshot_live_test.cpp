// SPDX-License-Identifier: Apache-2.0
// A snapshot of the machine that the test runs on, read by the collectors as the machine itself is.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/collector.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"
#include "sense/processes/process_row.h"
#include "sense/processes/processes_collector.h"
#include "sense/snapshot/snapshot.h"

namespace ullage::sense {
namespace {

using namespace std::chrono_literals;

// What these tell is not in files, or is scrubbed away on purpose.
constexpr std::string_view kNotOfFiles[] = {"disk_info", "filesystem", "hwmon", "time", "timex", "uname"};

using Values = std::map<std::string, std::string>;  // series → value

Values values_of(std::string_view lines) {
  Values values;
  while (!lines.empty()) {
    const std::string_view line = take_until(lines, '\n');
    const std::size_t at = line.rfind(' ');
    if (!line.starts_with("node_network_info")) values.emplace(line.substr(0, at), line.substr(at + 1));
  }
  return values;
}

using Readings = std::map<std::string, Values>;  // by collector

// Some read on a thread of their own: the first tick may find nothing yet.
std::string first_lines(Collector& collector, int tries) {
  std::string lines = collect_lines(collector);
  for (int i = 0; i < tries && lines.empty(); ++i) {
    std::this_thread::sleep_for(5ms);
    lines = collect_lines(collector);
  }
  return lines;
}

// What gave nothing before is not waited for.
Readings readings_on(const OsRoot& root, const Readings& before = {}) {
  Readings readings;
  for (const CollectorEntry& entry : collectors()) {
    if (std::ranges::find(kNotOfFiles, entry.name) != std::end(kNotOfFiles)) continue;
    const std::string name(entry.name);
    const bool gave_something = before.contains(name) && !before.at(name).empty();
    readings[name] = values_of(first_lines(*entry.make(root), gave_something ? 2000 : 20));
  }
  const SystemClock clock;
  CgroupsCollector cgroups(root, {}, clock);
  readings["cgroups"] = values_of(collect_lines(cgroups));
  return readings;
}

struct Verdict {
  int right = 0, wrong = 0, moved = 0;
  std::string found;  // when it was wrong
};

// Of each series that is there before and after the snapshot, whether the snapshot has it, and with the same
// value where that did not move meanwhile.
void compare_once(std::map<std::string, Verdict>& verdicts) {
  const OsRoot live = OsRoot::live();
  const Readings before = readings_on(live);
  Fixture copy;
  copy.unpack_text(take_snapshot(live, {.limits = {.processes = 0}}).text);
  Readings after = readings_on(live, before);
  OsRoot root = copy.root();
  root.page_size_bytes = live.page_size_bytes;
  root.ticks_per_second = live.ticks_per_second;
  Readings read = readings_on(root, before);
  for (const auto& [collector, values] : before)
    for (const auto& [series, value] : values) {
      const Values &later = after[collector], &copied = read[collector];
      if (!later.contains(series)) continue;
      Verdict& verdict = verdicts[series];
      const std::string found = copied.contains(series) ? copied.at(series) : "nothing";
      if (later.at(series) != value && found != "nothing") {
        ++verdict.moved;
        continue;
      }
      ++(found == value ? verdict.right : verdict.wrong);
      if (found != value) verdict.found = found + " for " + value;
    }
}

TEST(SnapshotOfThisMachine, GivesTheValuesThatTheMachineGives) {
  std::map<std::string, Verdict> verdicts;
  const auto is_open = [](const auto& entry) { return entry.second.wrong > 0 && entry.second.right == 0; };
  // On a busy machine a value may go away and come back meanwhile: such a one is looked at again.
  for (int round = 0; round < 20 && (round == 0 || std::ranges::any_of(verdicts, is_open)); ++round)
    compare_once(verdicts);
  std::size_t right = 0;
  for (const auto& [series, verdict] : verdicts) {
    const bool is_unsteady = verdict.moved > 0 && !verdict.found.starts_with("nothing");
    EXPECT_TRUE(verdict.right > 0 || is_unsteady || verdict.wrong < 2) << series << ": " << verdict.found;
    right += verdict.right > 0 ? 1 : 0;
  }
  EXPECT_GT(right, 150u);
}

TEST(SnapshotOfThisMachine, HasItsProcesses) {
  const SystemClock clock;
  const auto names = [&](const OsRoot& root) {
    ProcessesCollector collector(root, {.uses_bpf = false}, clock);
    (void)collect_lines(collector);
    std::map<std::int64_t, std::string> found;
    for (const ProcessRow& row : collector.rows()) found[row.sample.pid] = row.sample.name;
    return found;
  };
  const auto before = names(OsRoot::live());
  Fixture copy;
  copy.unpack_text(
      take_snapshot(OsRoot::live(), {.limits = {.processes = 100'000, .bytes = 256u << 20}}).text);
  const auto after = names(OsRoot::live()), read = names(copy.root());
  ASSERT_TRUE(read.contains(::getpid()));
  EXPECT_EQ(read.at(::getpid()), before.at(::getpid()));
  for (const auto& [pid, name] : before) {
    if (!after.contains(pid)) continue;  // it has ended
    EXPECT_TRUE(read.contains(pid)) << pid << ' ' << name;
  }
}

TEST(SnapshotOfThisMachine, DoesNotSayItsName) {
  const auto host = read_file("/proc/sys/kernel/hostname");
  ASSERT_TRUE(host);
  const std::string name(trim(*host));
  if (name.size() < 4 || name == "localhost" || name == "host") GTEST_SKIP() << "a word like any other";
  EXPECT_EQ(take_snapshot(OsRoot::live(), {}).text.find(name), std::string::npos);
}

}  // namespace
}  // namespace ullage::sense
