// SPDX-License-Identifier: Apache-2.0
#include "session/unprofiled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/os_root.h"
#include "sense/fixture.h"
#include "sense/proc/process_tree.h"

namespace ullage::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kProfiled = "7f00-7f01 r-xp 0 08:01 7 /usr/lib/ullage/libullage_heap.so\n";
constexpr std::string_view kNotProfiled = "7f00-7f01 r-xp 0 08:01 7 /usr/lib/libc.so.6\n";

sense::TreeProcess process(std::int64_t pid, const std::string& name) {
  return {.sample = {.pid = pid, .start_ticks = pid, .name = name, .state = 'S'}, .command_line = name};
}

class UnprofiledTest : public testing::Test {
 protected:
  void maps(std::int64_t pid, std::string_view text) {
    machine_.write("/proc/" + std::to_string(pid) + "/maps", text);
  }
  std::vector<std::string> look(const std::vector<sense::TreeProcess>& living) {
    return unprofiled_.look(living);
  }

  sense::Fixture machine_;
  OsRoot root_ = machine_.root();
  Unprofiled unprofiled_{root_, "/usr/lib/ullage/libullage_heap.so", ""};
};

TEST_F(UnprofiledTest, WhatHasNotLoadedTheProfilerIsToldOnceAtTheSecondLook) {
  maps(1, kProfiled);
  maps(2, kNotProfiled);
  const std::vector<sense::TreeProcess> living{process(1, "good"), process(2, "hidden")};
  EXPECT_THAT(look(living), IsEmpty());
  EXPECT_THAT(look(living),
              ElementsAre("no heap profile of hidden (process 2): it was started without LD_PRELOAD"));
  EXPECT_THAT(look(living), IsEmpty());
}

TEST_F(UnprofiledTest, WhatAProcessBecomesByExecIsLookedAtAnew) {
  maps(1, kProfiled);
  look({process(1, "env")});
  EXPECT_THAT(look({process(1, "env")}), IsEmpty());
  maps(1, kNotProfiled);
  EXPECT_THAT(look({process(1, "hidden")}), IsEmpty());
  EXPECT_EQ(look({process(1, "hidden")}).size(), 1u);
}

TEST_F(UnprofiledTest, WhoseLoaderIsStillAtWorkIsJudgedLater) {
  maps(1, "7f00-7f01 r-xp 0 08:01 7 /usr/lib/ld-linux-x86-64.so.2\n");
  look({process(1, "slow")});
  EXPECT_THAT(look({process(1, "slow")}), IsEmpty());
  maps(1, kNotProfiled);
  EXPECT_EQ(look({process(1, "slow")}).size(), 1u);
}

TEST_F(UnprofiledTest, WhyNotIsWhatItsFileTells) {
  maps(1, kNotProfiled);
  machine_.write("/proc/1/exe", std::string("\x7F"
                                            "ELF\x01",
                                            5));
  look({process(1, "old")});
  EXPECT_THAT(look({process(1, "old")}),
              ElementsAre("no heap profile of old (process 1): it is a 32-bit program"));
}

TEST_F(UnprofiledTest, OfManyAFewAreTold) {
  std::vector<sense::TreeProcess> living;
  for (std::int64_t pid = 1; pid <= 20; ++pid) {
    maps(pid, kNotProfiled);
    living.push_back(process(pid, "hidden" + std::to_string(pid)));
  }
  look(living);
  EXPECT_EQ(look(living).size(), Unprofiled::kTold);
}

TEST_F(UnprofiledTest, OfWhatHasGoneOrWasSaidAlreadyNothingIsTold) {
  maps(2, kNotProfiled);
  unprofiled_.leave_out(2);
  look({process(1, "gone"), process(2, "command")});
  EXPECT_THAT(look({process(1, "gone"), process(2, "command")}), IsEmpty());
}

}  // namespace
}  // namespace ullage::session
