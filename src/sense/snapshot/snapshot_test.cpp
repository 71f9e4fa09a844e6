// SPDX-License-Identifier: Apache-2.0
#include "sense/snapshot/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"
#include "sense/host/loadavg_collector.h"

namespace ullage::sense {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::string_literals;

Fixture machine() {
  return Fixture({
      {"/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000:Alice A:/home/alice:/bin/sh\n"},
      {"/proc/sys/kernel/hostname", "vault7\n"},
      {"/proc/loadavg", "0.50 0.40 0.30 2/300 4711\n"},
      {"/proc/net/arp",
       "IP address HW type Flags HW address Mask Device\n10.0.0.7 0x1 0x2 52:54:00:ab:cd:ef * eth0\n"},
      {"/proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"},
      {"/proc/12/stat", "12 (alice-tool) S 1 12\n"},
      {"/proc/12/cmdline", "/home/alice/bin/tool\0--password\0planted-secret\0"s},
      {"/proc/12/environ", "TOKEN=planted-secret\0"s},
      {"/proc/12/cgroup", "0::/user.slice/alice.scope\n"},
      {"/proc/13/stat", "13 (worker) S 12 12\n"},
      {"/sys/fs/cgroup/user.slice/alice.scope/memory.current", "4096\n"},
      {"/sys/class/net/eth0/address", "52:54:00:ab:cd:ef\n"},
      {"/home/alice/notes", "planted-secret"},
  });
}

TEST(SnapshotOfAMachine, SaysNothingOfWhoseItIs) {
  const Fixture original = machine();
  const Snapshot snapshot = take_snapshot(original.root(), {});
  for (const char* told :
       {"vault7", "alice", "Alice", "10.0.0.7", "52:54:00", "planted-secret", "password", "TOKEN"})
    EXPECT_THAT(snapshot.text, Not(HasSubstr(told)));
  EXPECT_THAT(snapshot.text, HasSubstr("-- /proc/12/cmdline --\ntool\n"));
  EXPECT_THAT(snapshot.text, HasSubstr("-- /proc/12/stat --\n12 (user1000-tool) S 1 12\n"));
  EXPECT_THAT(snapshot.text,
              HasSubstr("-- /sys/fs/cgroup/user.slice/user1000.scope/memory.current --\n4096\n"));
  EXPECT_THAT(snapshot.text, HasSubstr("user1000:x:1000:1000::/:\n"));
  EXPECT_THAT(snapshot.text, HasSubstr("Of command lines only the program's name is here.\n"));
  EXPECT_EQ(snapshot.processes, 2u);
  EXPECT_THAT(snapshot.left_out, IsEmpty());
}

TEST(SnapshotOfAMachine, UnpacksToAFolderThatLooksLikeIt) {
  const Fixture original = machine();
  Fixture copy;
  copy.unpack_text(take_snapshot(original.root(), {}).text);
  EXPECT_EQ(collected<LoadavgCollector>(copy), collected<LoadavgCollector>(original));
}

TEST(SnapshotOfAMachine, HasTheArgumentsAndNotesThatAreGiven) {
  const Fixture original = machine();
  const Snapshot snapshot =
      take_snapshot(original.root(),
                    {.arguments = [](std::string_view) { return "/home/alice/bin/tool\0--password\0***"s; },
                     .people = {"bob"},
                     .notes = {{"/ullage/version", "0.1.0 on vault7 by bob\n"}}});
  EXPECT_THAT(snapshot.text, HasSubstr("/home/user1000/bin/tool\\0--password\\0***\n"));
  EXPECT_THAT(snapshot.text, HasSubstr("-- /ullage/version --\n0.1.0 on host by user1000\n"));
}

TEST(SnapshotOfAMachine, IsBoundedAndSaysWhatIsLeftOut) {
  Fixture original = machine();
  original.write("/proc/vmstat", std::string(5000, 'x'));
  const Snapshot snapshot =
      take_snapshot(original.root(), {.limits = {.processes = 1, .cgroups = 2, .bytes_of_a_file = 4000}});
  EXPECT_THAT(snapshot.left_out, ElementsAre("1 of 2 processes", "1 cgroups beyond the first",
                                             "/proc/vmstat, which is too large"));
  EXPECT_THAT(snapshot.text, HasSubstr("Left out: 1 of 2 processes.\n"));
  EXPECT_LT(take_snapshot(original.root(), {.limits = {.bytes = 300}}).text.size(), 3000u);
}

}  // namespace
}  // namespace ullage::sense
