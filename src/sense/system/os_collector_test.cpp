// SPDX-License-Identifier: Apache-2.0
#include "sense/system/os_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(OsCollector, GivesTheNamesAndTheVersionAsANumber) {
  const Fixture machine({{"/etc/os-release",
                          "PRETTY_NAME=\"Ubuntu 22.04.1 LTS\"\n"
                          "NAME=\"Ubuntu\"\n"
                          "VERSION_ID=\"22.04\"\n"
                          "ID=ubuntu\n"
                          "ID_LIKE=debian\n"}});
  EXPECT_EQ(
      collected<OsCollector>(machine),
      "node_os_info{id=\"ubuntu\",id_like=\"debian\",name=\"Ubuntu\",pretty_name=\"Ubuntu 22.04.1 LTS\","
      "version_id=\"22.04\"} 1\n"
      "node_os_version{id=\"ubuntu\",id_like=\"debian\",name=\"Ubuntu\"} 22.04\n");
}

TEST(OsCollector, SeesAnUpgradeAndTakesTheVendorsFileWhereThereIsNoOther) {
  Fixture machine({{"/usr/lib/os-release", "ID=arch\n"}});
  OsCollector collector(machine.root());
  EXPECT_EQ(collect_lines(collector), "node_os_info{id=\"arch\"} 1\n");
  machine.write("/etc/os-release", "ID=debian\nVERSION_ID=13\n");
  EXPECT_THAT(collect_lines(collector), HasSubstr("node_os_version{id=\"debian\"} 13\n"));
  machine.remove("/etc");
  machine.remove("/usr");
  EXPECT_EQ(collect_lines(collector), "error: /etc/os-release: cannot be read\n");
}

TEST(OsRelease, IsReadAsAShellWould) {
  EXPECT_THAT(
      parse_os_release("# a comment\n\nA=plain\nB='single \\ quoted'\nC=\"a \\\"b\\\" \\$c\"\nD=\"open\nE"),
      ElementsAre(Pair("A", "plain"), Pair("B", "single \\ quoted"), Pair("C", "a \"b\" $c"),
                  Pair("D", "\"open")));
}

}  // namespace
}  // namespace ullage::sense
