// SPDX-License-Identifier: Apache-2.0
#include "sense/snapshot/scrub.h"

#include <gtest/gtest.h>

#include <utility>

namespace ullage::sense {
namespace {

Scrub example() {
  Scrub scrub;
  scrub.hide_host("vault7.corp.example.net");
  scrub.hide_user("alice", 1000);
  scrub.hide_user("al", 1001);
  return scrub;
}

TEST(Scrub, NamesBecomeTheSameWordEverywhere) {
  const Scrub scrub = example();
  EXPECT_EQ(scrub.text("/home/alice/x of al on vault7, vault7.corp.example.net, web.corp.example.net"),
            "/home/user1000/x of user1001 on host, host, web.example.org");
  EXPECT_EQ(scrub.text("malice alices alice_x"), "malice alices alice_x");  // other words
  EXPECT_EQ(scrub.text("home-\\x2dalice-x /mnt\\040alice"), "home-\\x2duser1000-x /mnt\\040user1000");
}

TEST(Scrub, AddressesBecomeThoseOfTheDocumentation) {
  for (const auto& [text, scrubbed] : {
           std::pair<const char*, const char*>{"ssh@12-10.0.0.1:22-10.1.2.3:40312.service",
                                               "ssh@12-192.0.2.1:22-192.0.2.1:40312.service"},
           {"52:54:00:ab:cd:ef", "00:00:00:00:00:00"},
           {"from fe80::5054:ff:feab:cdef to 2001:db8:1:2:3:4:5:6.", "from 2001:db8::1 to 2001:db8::1."},
           {"0::/user.slice", "0::/user.slice"},
           {"at 12:34:56, 6.1.0-25, 1.2.3.4.5, 254:0", "at 12:34:56, 6.1.0-25, 1.2.3.4.5, 254:0"},
       })
    EXPECT_EQ(Scrub::without_addresses(text), scrubbed);
}

TEST(Scrub, OfAProcessItsNameIsScrubbedAndNothingElse) {
  Scrub scrub;
  scrub.hide_user("S", 1000);
  EXPECT_EQ(scrub.stat("12 (S) (x) S 1 12\n"), "12 (user1000) (x) S 1 12\n");
  EXPECT_EQ(scrub.status("Name:\tS\nState:\tS (sleeping)\n"), "Name:\tuser1000\nState:\tS (sleeping)\n");
  EXPECT_EQ(scrub.stat("broken"), "");
}

TEST(Scrub, OfSocketsPortsAndQueuesStay) {
  EXPECT_EQ(Scrub::sockets("   sl  local_address rem_address   st tx_queue rx_queue\n"
                           "  317: 0100007F:0044 0B0A000A:D431 07 00000001:00000002 00:00000000\n"),
            "sl local_address rem_address   st tx_queue rx_queue\n"
            "317: 00000000:0044 00000000:D431 07 00000001:00000002 00:00000000\n");
}

TEST(Scrub, OfMountsTheServersAndWhatPeopleCalledTheirsGo) {
  Scrub scrub = example();
  EXPECT_EQ(
      scrub.mounts("/dev/vda1 / ext4 rw,relatime,errors=remount-ro 0 0\n"
                   "files.corp:/export/alice /mnt/secret\\040project nfs4 rw,addr=10.0.0.9,vers=4.2 0 0\n"
                   "//nas/share /acme cifs ro,username=alice,domain=CORP 0 0\n"
                   "proc /proc proc rw,hidepid=2 0 0\n"),
      "/dev/vda1 / ext4 rw,relatime 0 0\n"
      "server:/export /mnt/d1 nfs4 rw 0 0\n"
      "server:/export /d2 cifs ro 0 0\n"
      "proc /proc proc rw,hidepid=2 0 0\n");
  EXPECT_EQ(scrub.mountinfo("36 35 98:0 /alice/src /mnt/secret\\040project rw,noatime master:1 - nfs4 "
                            "files.corp:/export rw,addr=10.0.0.9\n"
                            "30 20 0:26 /user.slice/alice.scope /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 "
                            "rw,nsdelegate\n"),
            "36 35 98:0 / /mnt/d1 rw,noatime master:1 - nfs4 server:/export rw\n"
            "30 20 0:26 /user.slice/user1000.scope /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 "
            "rw,nsdelegate\n");
}

}  // namespace
}  // namespace ullage::sense
