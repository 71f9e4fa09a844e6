// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroup_place.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/os_root.h"
#include "sense/cgroup/ancestors.h"
#include "sense/cgroup/cgroup_reader.h"
#include "sense/fixture.h"
#include "sense/sample.h"

namespace ullage::sense {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::string_view kV2Mount =
    "35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(CgroupPlace, FindsTheV2FolderForEveryController) {
  const Fixture machine{{"/proc/self/mountinfo", kV2Mount},
                        {"/proc/self/cgroup", "0::/a\n"},
                        {"/sys/fs/cgroup/a/cgroup.procs", ""}};
  const auto place = read_cgroup_place(machine.root());
  ASSERT_TRUE(place);
  EXPECT_EQ(place->layout, CgroupLayout::v2);
  EXPECT_EQ(place->unified, "/sys/fs/cgroup/a");
  EXPECT_EQ(place->memory, place->unified);
  EXPECT_EQ(place->blkio, place->unified);
}

TEST(CgroupPlace, AHybridMayHaveAControllerInEitherTree) {
  const Fixture machine{{"/proc/self/mountinfo",
                         "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                         "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                         "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"},
                        {"/proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/y\n1:name=systemd:/z\n0::/z\n"},
                        {"/sys/fs/cgroup/unified/cgroup.controllers", "pids io\n"}};
  const auto place = read_cgroup_place(machine.root());
  ASSERT_TRUE(place);
  EXPECT_EQ(place->layout, CgroupLayout::hybrid);
  EXPECT_EQ(place->memory, "/sys/fs/cgroup/memory/y");
  EXPECT_EQ(place->cpuacct, "/sys/fs/cgroup/cpu,cpuacct/x");
  EXPECT_EQ(place->pids, "/sys/fs/cgroup/unified/z");
  EXPECT_EQ(place->blkio, "/sys/fs/cgroup/unified/z");
  EXPECT_EQ(place->cpuset, "");
}

// Docker on v1 without cgroup namespaces: the process is told the host's path, the mount begins at the
// container.
TEST(CgroupPlace, AMountOfAContainersPartBeginsThere) {
  const Fixture machine{
      {"/proc/self/mountinfo", "32 31 0:29 /docker/1a /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"},
      {"/proc/self/cgroup", "4:memory:/docker/1a/inner\n"}};
  EXPECT_EQ(read_cgroup_place(machine.root())->memory, "/sys/fs/cgroup/memory/inner");
}

TEST(CgroupPlace, AMountThatShowsAnotherPartGivesItsTop) {
  const Fixture machine{
      {"/proc/self/mountinfo", "35 24 0:30 /kubepods/pod7 /sys/fs/cgroup ro - cgroup2 cgroup rw\n"},
      {"/proc/self/cgroup", "0::/system.slice/agent\n"}};
  EXPECT_EQ(read_cgroup_place(machine.root())->unified, "/sys/fs/cgroup");
}

TEST(CgroupPlace, OutsideOfOurNamespaceThereIsNoFolder) {
  const Fixture machine{{"/proc/self/mountinfo", kV2Mount}, {"/proc/7/cgroup", "0::/../..\n"}};
  const auto place = read_cgroup_place(machine.root(), "7");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->layout, CgroupLayout::none);
  EXPECT_EQ(place->unified, "");
}

TEST(CgroupPlace, OfTwoMountsTheOneWithMoreAncestorsCounts) {
  const Fixture machine{
      {"/proc/self/mountinfo",
       "35 24 0:30 /a /mnt/part rw - cgroup2 cgroup2 rw\n35 24 0:30 / /mnt/all rw - cgroup2 cgroup2 rw\n"},
      {"/proc/self/cgroup", "0::/a/b\n"}};
  EXPECT_EQ(read_cgroup_place(machine.root())->unified, "/mnt/all/a/b");
}

TEST(CgroupPlace, AMissingProcessIsAnErrorAndAKernelWithoutCgroupsIsNot) {
  const Fixture machine{{"/proc/self/mountinfo", ""}, {"/proc/8/stat", ""}};
  const auto gone = read_cgroup_place(machine.root(), "7");
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().text().find("/proc/7/cgroup"), std::string::npos);
  EXPECT_EQ(read_cgroup_place(machine.root(), "8")->layout, CgroupLayout::none);
}

TEST(Capacity, IsTheTightestOfAllAncestors) {
  const Fixture machine{{"/proc/self/mountinfo", kV2Mount},
                        {"/proc/self/cgroup", "0::/a/b/c\n"},
                        {"/proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n"},
                        {"/proc/stat", "cpu 1\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\n"},
                        {"/sys/fs/cgroup/cgroup.procs", ""},
                        {"/sys/fs/cgroup/a/cgroup.procs", ""},
                        {"/sys/fs/cgroup/a/memory.max", "1073741824\n"},
                        {"/sys/fs/cgroup/a/memory.current", "1000000000\n"},
                        {"/sys/fs/cgroup/a/memory.stat", "anon 104857600\nfile 800000000\nshmem 0\n"},
                        {"/sys/fs/cgroup/a/cpu.max", "250000 100000\n"},
                        {"/sys/fs/cgroup/a/pids.max", "100\n"},
                        {"/sys/fs/cgroup/a/b/cgroup.procs", ""},
                        {"/sys/fs/cgroup/a/b/memory.max", "max\n"},
                        {"/sys/fs/cgroup/a/b/cpu.max", "max 100000\n"},
                        {"/sys/fs/cgroup/a/b/pids.max", "max\n"},
                        {"/sys/fs/cgroup/a/b/c/cgroup.procs", ""},
                        {"/sys/fs/cgroup/a/b/c/memory.max", "2147483648\n"},
                        {"/sys/fs/cgroup/a/b/c/memory.stat", "anon 1048576\n"}};
  const auto place = read_cgroup_place(machine.root());
  const Capacity capacity = read_capacity(machine.root(), *place, 3);
  EXPECT_EQ(capacity.memory_bytes, 1024 * kMiB);
  EXPECT_EQ(capacity.memory_source, "cgroup /a");
  EXPECT_DOUBLE_EQ(capacity.cores, 2.5);
  EXPECT_EQ(capacity.cores_source, "quota /a");
  EXPECT_EQ(capacity.processes, 100u);
  // 1 GiB less what is anonymous there; page cache makes room.
  EXPECT_EQ(read_headroom_bytes(machine.root(), *place), 924 * kMiB);
}

TEST(Capacity, WithoutCgroupsIsTheMachines) {
  const Fixture machine{{"/proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 524288 kB\n"},
                        {"/proc/stat", "cpu 1\ncpu0 1\ncpu1 1\n"}};
  const Capacity capacity = read_capacity(machine.root(), {}, 1);
  EXPECT_EQ(capacity.memory_bytes, 1024 * kMiB);
  EXPECT_EQ(capacity.memory_source, "machine");
  EXPECT_DOUBLE_EQ(capacity.cores, 1);
  EXPECT_EQ(capacity.cores_source, "affinity");
  EXPECT_EQ(read_headroom_bytes(machine.root(), {}), 512 * kMiB);
}

// The limit of an ancestor that the mount does not show stands in memory.stat on v1.
TEST(Capacity, OnV1KnowsOfTheLimitAboveTheMount) {
  const Fixture machine{{"/proc/meminfo", "MemTotal: 16777216 kB\n"},
                        {"/cg/cgroup.procs", ""},
                        {"/cg/memory.limit_in_bytes", "9223372036854771712\n"},
                        {"/cg/memory.stat", "rss 1\nhierarchical_memory_limit 536870912\n"}};
  const Capacity capacity = read_capacity(machine.root(), {.layout = CgroupLayout::v1, .memory = "/cg"}, 0);
  EXPECT_EQ(capacity.memory_bytes, 512 * kMiB);
  EXPECT_EQ(capacity.memory_source, "cgroup above /");
}

TEST(Ancestors, EndAtTheMountAndPassOverARemovedCgroup) {
  const Fixture machine{{"/sys/fs/cgroup/cgroup.procs", ""}, {"/sys/fs/cgroup/a/cgroup.procs", ""}};
  const auto folders = cgroup_and_ancestors(machine.root(), "/sys/fs/cgroup/a/removed");
  EXPECT_EQ(folders, (std::vector<std::string>{"/sys/fs/cgroup/a", "/sys/fs/cgroup"}));
  EXPECT_EQ(path_in_tree(folders, folders[0]), "/a");
  EXPECT_EQ(path_in_tree(folders, folders[1]), "/");
  EXPECT_TRUE(cgroup_and_ancestors(machine.root(), "").empty());
}

TEST(CgroupReader, WhatAFolderDoesNotHaveIsAbsent) {
  const Fixture machine{{"/cg/memory.current", "4096\n"}, {"/cg/memory.max", "max\n"}};
  CgroupReader reader(machine.root(),
                      {.layout = CgroupLayout::v2, .unified = "/cg", .memory = "/cg", .cpu = "/cg"});
  const CgroupSample sample = reader.read();
  EXPECT_EQ(sample.current_bytes, 4096u);
  EXPECT_FALSE(sample.limit_bytes);
  EXPECT_FALSE(sample.peak_bytes);  // before Linux 5.19
  EXPECT_FALSE(sample.usage_seconds);
  EXPECT_FALSE(sample.used_bytes());
  EXPECT_FALSE(sample.pressure.any());
}

TEST(CgroupReader, BesideAnOwnV2CgroupTheUndividedV1TopSaysNothing) {
  const Fixture machine{{"/v1/cgroup.procs", ""},
                        {"/v1/cpuacct.usage", "99000000000\n"},
                        {"/v2/cgroup.procs", ""},
                        {"/v2/run/cgroup.procs", ""},
                        {"/v2/run/cpu.stat", "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n"}};
  const CgroupPlace place{
      .layout = CgroupLayout::hybrid, .unified = "/v2/run", .cpu = "/v1", .cpuacct = "/v1"};
  EXPECT_DOUBLE_EQ(*CgroupReader(machine.root(), place).read().usage_seconds, 1.5);
}

TEST(CgroupReader, ReadsThisMachine) {
  const auto place = read_cgroup_place(OsRoot::live());
  ASSERT_TRUE(place) << place.error().text();
  const Capacity capacity = read_capacity(OsRoot::live(), *place, 0);
  EXPECT_TRUE(capacity.memory_bytes);
  EXPECT_GT(capacity.cores, 0);
  CgroupReader reader(OsRoot::live(), *place);
  const CgroupSample sample = reader.read();
  if (place->layout != CgroupLayout::none) {
    EXPECT_TRUE(sample.current_bytes || sample.usage_seconds || sample.pressure.any());
  }
}

}  // namespace
}  // namespace ullage::sense
