// SPDX-License-Identifier: Apache-2.0
#include "sense/system/uname_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <string>

#include "base/os_root.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using testing::HasSubstr;

TEST(UnameCollector, SpeaksOfTheLiveMachineOnly) {
  EXPECT_EQ(collected<UnameCollector>(Fixture()), "error: uname: only the live machine has a name\n");
  utsname names{};
  ASSERT_EQ(::uname(&names), 0);
  UnameCollector live(OsRoot::live());
  EXPECT_THAT(collect_lines(live), HasSubstr("release=\"" + std::string(names.release) + "\""));
}

}  // namespace
}  // namespace ullage::sense
