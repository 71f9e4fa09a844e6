// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroup_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sense/cgroup/mount_table.h"
#include "sense/sample.h"

namespace ullage::sense {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

TEST(CgroupText, MaxAndTheLargestNumberAreNoLimit) {
  EXPECT_EQ(parse_limit("max\n"), std::nullopt);
  EXPECT_EQ(parse_limit("9223372036854771712\n"), std::nullopt);  // v1, pages of 4 KiB
  EXPECT_EQ(parse_limit("9223372036854710272\n"), std::nullopt);  // v1, pages of 64 KiB
  EXPECT_EQ(parse_limit("-1\n"), std::nullopt);
  EXPECT_EQ(parse_limit("2147483648\n"), 2048 * kMiB);
  EXPECT_EQ(parse_limit("0\n"), 0u);
  EXPECT_EQ(parse_limit(""), std::nullopt);
}

TEST(CgroupText, SumsWhatCannotBeReclaimedOfV2) {
  CgroupSample sample;
  parse_memory_stat_v2(
      "anon 104857600\nfile 52428800\nkernel 10485760\nkernel_stack 16384\npagetables 200704\nsock 4096\n"
      "shmem 20971520\nfile_dirty 1048576\nfile_writeback 4096\ninactive_anon 120586240\nactive_anon "
      "4194304\n"
      "inactive_file 10485760\nactive_file 20971520\nunevictable 2097152\nslab_reclaimable 6291456\n"
      "slab_unreclaimable 2097152\nslab 8388608\npgfault 1000\npgmajfault 10\n",
      sample);
  EXPECT_EQ(sample.anonymous_bytes, 100 * kMiB);
  EXPECT_EQ(sample.shared_bytes, 20 * kMiB);
  EXPECT_EQ(sample.kernel_bytes, 4 * kMiB + 4096);  // without reclaimable slab, with sockets
  EXPECT_EQ(sample.dirty_bytes, kMiB + 4096);
  // Of 2 MiB that are locked, 1 MiB is anonymous: 100 + 20 on 119 of evictable lists.
  EXPECT_EQ(sample.unevictable_bytes, kMiB);
  EXPECT_EQ(sample.used_bytes(), 126 * kMiB + 2 * 4096);
  EXPECT_EQ(sample.minor_faults, 990u);
  EXPECT_EQ(sample.major_faults, 10u);
}

// "kernel" is there since Linux 5.18.
TEST(CgroupText, AnOlderKernelsPartsAreSummed) {
  CgroupSample sample;
  parse_memory_stat_v2(
      "anon 4096\nkernel_stack 16384\npagetables 8192\nslab_unreclaimable 4096\nslab 999424\n", sample);
  EXPECT_EQ(sample.kernel_bytes, 16384u + 8192 + 4096);
}

TEST(CgroupText, UsedMemoryIsNeverAboveWhatIsCharged) {
  CgroupSample sample;
  sample.current_bytes = kMiB;
  sample.anonymous_bytes = 2 * kMiB;
  EXPECT_EQ(sample.used_bytes(), kMiB);
  EXPECT_EQ(CgroupSample{}.used_bytes(), std::nullopt);
}

TEST(CgroupText, V1CountsTheCgroupsBelowToo) {
  CgroupSample sample;
  constexpr std::string_view kStat =
      "cache 9224192\nrss 11694080\nshmem 9068544\nhierarchical_memory_limit 2147483648\n"
      "hierarchical_memsw_limit 9223372036854771712\ntotal_cache 838316032\ntotal_rss 21581824\n"
      "total_shmem 9068544\ntotal_dirty 112906240\ntotal_writeback 0\ntotal_swap 4096\ntotal_inactive_anon "
      "28651520\n"
      "total_active_anon 1998848\ntotal_unevictable 19230720\ntotal_pgfault 4981065\ntotal_pgmajfault 1466\n";
  parse_memory_stat_v1(kStat, sample);
  EXPECT_EQ(sample.anonymous_bytes, 21581824u);
  EXPECT_EQ(sample.file_bytes, 838316032u);
  EXPECT_EQ(sample.dirty_bytes, 112906240u);
  EXPECT_EQ(sample.swap_bytes, 4096u);
  EXPECT_EQ(sample.unevictable_bytes, 19230720u);
  EXPECT_EQ(sample.minor_faults, 4981065u - 1466);
  EXPECT_EQ(parse_hierarchical_limit_v1(kStat), 2048 * kMiB);
}

TEST(CgroupText, ReadsEvents) {
  CgroupSample sample;
  parse_memory_events("low 0\nhigh 7\nmax 12\noom 2\noom_kill 3\noom_group_kill 1\n", sample);
  EXPECT_EQ(sample.high_events, 7u);
  EXPECT_EQ(sample.max_events, 12u);
  EXPECT_EQ(sample.oom_events, 2u);
  EXPECT_EQ(sample.oom_kills, 3u);
  CgroupSample v1;
  parse_oom_control_v1("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n", v1);
  EXPECT_EQ(v1.oom_kills, 4u);
  CgroupSample before_4_13;
  parse_oom_control_v1("oom_kill_disable 0\nunder_oom 0\n", before_4_13);
  EXPECT_FALSE(before_4_13.oom_kills);
}

TEST(CgroupText, ReadsProcessorTimeAndThrottling) {
  CgroupSample v2;
  parse_cpu_stat_v2(
      "usage_usec 138497076\nuser_usec 105837484\nsystem_usec 32659592\nnice_usec "
      "0\ncore_sched.force_idle_usec 0\n"
      "nr_periods 40\nnr_throttled 13\nthrottled_usec 250000\nnr_bursts 0\n",
      v2);
  EXPECT_DOUBLE_EQ(*v2.usage_seconds, 138.497076);
  EXPECT_EQ(v2.periods, 40u);
  EXPECT_EQ(v2.throttled_periods, 13u);
  EXPECT_DOUBLE_EQ(*v2.throttled_seconds, 0.25);
  CgroupSample v1;
  parse_cpu_stat_v1("nr_periods 40\nnr_throttled 13\nthrottled_time 250000000\n", v1);
  EXPECT_DOUBLE_EQ(*v1.throttled_seconds, 0.25);
  parse_cpuacct_stat_v1("user 10869\nsystem 3354\n", 100, v1);
  EXPECT_DOUBLE_EQ(*v1.user_seconds, 108.69);
}

TEST(CgroupText, QuotasAreFractionsOfCores) {
  EXPECT_DOUBLE_EQ(*parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_FALSE(parse_cpu_max("max 100000\n"));
  EXPECT_FALSE(parse_cpu_max("100000\n"));
  EXPECT_FALSE(parse_cpu_max("100000 0\n"));
  EXPECT_DOUBLE_EQ(*quota_cores_v1("25000\n", "50000\n"), 0.5);
  EXPECT_FALSE(quota_cores_v1("-1\n", "100000\n"));
}

TEST(CgroupText, SumsDevices) {
  CgroupSample v2;
  parse_io_stat_v2(
      "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n8:0 rbytes=90430464 "
      "wbytes=299008000 "
      "rios=8950 wios=1252 dbytes=50331648 dios=3021\n",
      v2);
  EXPECT_EQ(v2.read_bytes, 1459200u + 90430464);
  EXPECT_EQ(v2.written_bytes, 314773504u + 299008000);
  CgroupSample v1;
  parse_blkio_service_bytes_v1(
      "8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 0\n8:16 Read 1\n8:0 Total 12288\nTotal 12289\n", v1);
  EXPECT_EQ(v1.read_bytes, 4097u);
  EXPECT_EQ(v1.written_bytes, 8192u);
}

TEST(CgroupText, CountsProcessorLists) {
  EXPECT_EQ(count_processor_list("0-3,8,10-11\n"), 7u);
  EXPECT_EQ(count_processor_list("0\n"), 1u);
  EXPECT_EQ(count_processor_list("\n"), std::nullopt);
  EXPECT_EQ(count_processor_list("3-1"), std::nullopt);
  EXPECT_EQ(count_processor_list("0-"), std::nullopt);
  EXPECT_EQ(count_processor_list("0-99999999999"), std::nullopt);
}

TEST(MountTable, ReadsCgroupMountsWithEscapesAndTags) {
  const auto mounts = parse_cgroup_mounts(
      R"(22 27 0:21 / /proc rw,relatime - proc proc rw
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:33 /a\040b/c\134d /mnt/c\011pu\040x rw shared:9 master:3 - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
broken line
)");
  ASSERT_EQ(mounts.size(), 3u);
  EXPECT_EQ(mounts[0].controllers, (std::vector<std::string>{"rw", "memory"}));
  EXPECT_EQ(mounts[1].root, "/a b/c\\d");
  EXPECT_EQ(mounts[1].folder, "/mnt/c\tpu x");
  EXPECT_TRUE(mounts[2].is_v2);
}

TEST(MountTable, ReadsMemberships) {
  const auto memberships = parse_cgroup_memberships(
      "9:name=systemd:/\n4:memory:/docker/a:b\n3:cpu,cpuacct:/x "
      "(deleted)\n0::/user.slice\nnonsense\n5:pids:relative\n");
  ASSERT_EQ(memberships.size(), 4u);
  EXPECT_EQ(memberships[1].path, "/docker/a:b");
  EXPECT_EQ(memberships[2].path, "/x");
  EXPECT_EQ(memberships[2].controllers, (std::vector<std::string>{"cpu", "cpuacct"}));
  EXPECT_TRUE(memberships[3].is_v2);
}

TEST(MountTable, FindsTheFolderUnderAMount) {
  const auto mount = [](std::string root) {
    return CgroupMount{.root = std::move(root), .folder = "/cg", .is_v2 = true, .controllers = {}};
  };
  EXPECT_EQ(folder_under(mount("/"), "/a/b"), "/cg/a/b");
  EXPECT_EQ(folder_under(mount("/"), "/"), "/cg");
  EXPECT_EQ(folder_under(mount("/docker/1"), "/docker/1"), "/cg");
  EXPECT_EQ(folder_under(mount("/docker/1"), "/docker/1/x"), "/cg/x");
  EXPECT_EQ(folder_under(mount("/docker/1"), "/docker/12"), std::nullopt);
  EXPECT_EQ(folder_under(mount("/"), "/../.."), std::nullopt);
  EXPECT_EQ(folder_under(mount("/.."), "/../beside"), "/cg/beside");
  EXPECT_EQ(folder_under(mount("/"), "/..dots"), "/cg/..dots");
}

}  // namespace
}  // namespace ullage::sense
