// SPDX-License-Identifier: Apache-2.0
#include "sense/disk/mount_list.h"

#include <gtest/gtest.h>

namespace ullage::sense {
namespace {

TEST(Mounts, AreThoseThatSaySomethingAboutSpace) {
  const auto mounts = parse_mounts(
      "proc /proc proc rw,relatime 0 0\n"
      "/dev/sda1 / ext4 rw,relatime,errors=remount-ro 0 0\n"
      "tmpfs /run tmpfs rw,nosuid 0 0\n"
      "/dev/sdb1 /mnt/with\\040blank\\134 xfs ro,noatime 0 0\n"
      "/dev/sda1 / ext4 rw 0 0\n"
      "/dev/sdc1 /cut\n");
  ASSERT_EQ(mounts.size(), 3u);
  EXPECT_EQ(mounts[0].device, "/dev/sda1");
  EXPECT_EQ(mounts[0].folder, "/");
  EXPECT_EQ(mounts[0].type, "ext4");
  EXPECT_FALSE(mounts[0].is_read_only);  // "errors=remount-ro" is something else
  EXPECT_EQ(mounts[1].folder, "/run");
  EXPECT_EQ(mounts[2].folder, "/mnt/with blank\\");
  EXPECT_TRUE(mounts[2].is_read_only);
}

TEST(Mounts, OfTheKernelAndOfContainersAreLeftOut) {
  for (const char* folder : {"/", "/dev2", "/home", "/mnt", "/run", "/run/credentials", "/var/lib/docker"})
    EXPECT_TRUE(has_space_to_tell(folder, "ext4")) << folder;
  for (const char* folder : {"/dev", "/dev/shm", "/proc/x", "/sys", "/run/credentials/a.service",
                             "/var/lib/docker/overlay2/1/merged", "/var/lib/containers/storage/a"})
    EXPECT_FALSE(has_space_to_tell(folder, "ext4")) << folder;
  for (const char* type : {"cgroup", "cgroup2", "overlay", "squashfs", "tracefs"})
    EXPECT_FALSE(has_space_to_tell("/", type)) << type;
  for (const char* type : {"tmpfs", "nfs4", "fuse.sshfs", "zfs"})
    EXPECT_TRUE(has_space_to_tell("/", type)) << type;
}

}  // namespace
}  // namespace ullage::sense
