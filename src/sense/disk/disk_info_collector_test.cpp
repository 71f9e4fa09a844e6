// SPDX-License-Identifier: Apache-2.0
#include "sense/disk/disk_info_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(DiskInfoCollector, SaysWhatUdevKnowsOfEachDisk) {
  const Fixture machine(
      {{"/proc/diskstats", "   8  0 sda 1 2 3\n   8  1 sda1 1 2 3\n 253  0 dm-0 1 2 3\n 254  0 vda 1 2 3\n"},
       {"/run/udev/data/b8:0",
        "S:disk/by-id/ata-x\nE:ID_ATA=1\nE:ID_MODEL=SSD 9\nE:ID_SERIAL=SSD_9_S1\n"
        "E:ID_SERIAL_SHORT=S1\nE:ID_PATH=pci-1\nE:ID_WWN=0x5\nE:ID_REVISION=R=2\n"
        "E:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_ROTATION_RATE_RPM=0\nG:systemd\n"},
       {"/run/udev/data/b253:0",
        "E:DM_NAME=vg-root\nE:DM_VG_NAME=vg\nE:DM_LV_NAME=root\nE:ID_FS_TYPE=ext4\n"
        "E:ID_FS_USAGE=filesystem\nE:ID_FS_UUID=u\nE:ID_FS_VERSION=1.0"}});
  EXPECT_EQ(
      collected<DiskInfoCollector>(machine),
      "node_disk_info{device=\"sda\",major=\"8\",minor=\"0\",path=\"pci-1\",wwn=\"0x5\","
      "model=\"SSD 9\",serial=\"S1\",revision=\"R=2\"} 1\n"
      "node_disk_ata_write_cache{device=\"sda\"} 1\n"
      "node_disk_ata_rotation_rate_rpm{device=\"sda\"} 0\n"
      "node_disk_info{device=\"dm-0\",major=\"253\",minor=\"0\"} 1\n"
      "node_disk_filesystem_info{device=\"dm-0\",type=\"ext4\",usage=\"filesystem\",uuid=\"u\","
      "version=\"1.0\"} 1\n"
      "node_disk_device_mapper_info{device=\"dm-0\",name=\"vg-root\",vg_name=\"vg\",lv_name=\"root\"} 1\n"
      "node_disk_info{device=\"vda\",major=\"254\",minor=\"0\"} 1\n");
}

TEST(DiskInfoCollector, SaysThatThereIsNoList) {
  EXPECT_EQ(collected<DiskInfoCollector>(Fixture()), "error: /proc/diskstats: cannot be read\n");
}

}  // namespace
}  // namespace ullage::sense
