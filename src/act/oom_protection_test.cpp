// SPDX-License-Identifier: Apache-2.0
#include "act/oom_protection.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "base/os_root.h"

namespace ullage::act {
namespace {

std::string score() { return read_file("/proc/self/oom_score_adj").value_or("unreadable"); }

TEST(OomProtection, IsForUsAndNotForWhatWeStart) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (!protect_from_oom_killer(OsRoot::live())) ::_exit(score().starts_with('-') ? 1 : 2);
    if (score() != "-900\n") ::_exit(3);
    give_up_oom_protection();
    ::_exit(score() == "0\n" ? 0 : 4);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "not allowed to ask for protection";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ullage::act
