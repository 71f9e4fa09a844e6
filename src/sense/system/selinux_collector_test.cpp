// SPDX-License-Identifier: Apache-2.0
#include "sense/system/selinux_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(SelinuxCollector, SaysWhereItIsNotThatItIsNot) {
  EXPECT_EQ(collected<SelinuxCollector>(Fixture()), "node_selinux_enabled 0\n");
}

TEST(SelinuxCollector, SaysHowItDoes) {
  const Fixture machine(
      {{"/sys/fs/selinux/enforce", "1"},
       {"/etc/selinux/config", "# SELINUX=disabled\nSELINUX=permissive\nSELINUXTYPE=targeted\n"},
       {"/sys/fs/selinux/avc/cache_stats",
        "lookups hits misses allocations reclaims frees\n10 8 2 2 0 1\n20 19 1 1 1 0\n"},
       {"/sys/fs/selinux/avc/hash_stats", "entries: 503\nbuckets used: 291/512\nlongest chain: 5\n"},
       {"/sys/fs/selinux/avc/cache_threshold", "512"}});
  EXPECT_EQ(
      collected<SelinuxCollector>(machine),
      "node_selinux_enabled 1\nnode_selinux_config_mode 0\nnode_selinux_current_mode 1\n"
      "node_selinux_avc_lookups_total 30\nnode_selinux_avc_hits_total 27\nnode_selinux_avc_misses_total 3\n"
      "node_selinux_avc_allocations_total 3\nnode_selinux_avc_reclaims_total 1\nnode_selinux_avc_frees_total "
      "1\n"
      "node_selinux_avc_hash_entries 503\nnode_selinux_avc_hash_buckets_used 291\n"
      "node_selinux_avc_hash_buckets_available 512\nnode_selinux_avc_hash_longest_chain 5\n"
      "node_selinux_avc_threshold 512\n");
}

}  // namespace
}  // namespace ullage::sense
