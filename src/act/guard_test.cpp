// SPDX-License-Identifier: Apache-2.0
#include "act/guard.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace ullage::act {
namespace {

TEST(ThawGuard, LetsTheStoppedGoOnWhenItsStarterIsGone) {
  const pid_t sleeper = ::fork();
  if (sleeper == 0) {
    ::pause();
    ::_exit(0);
  }
  int status = 0;
  {
    const auto guard = start_thaw_guard({sleeper});
    ASSERT_TRUE(guard);
    ::kill(sleeper, SIGSTOP);
    ASSERT_EQ(::waitpid(sleeper, &status, WUNTRACED), sleeper);
    ASSERT_TRUE(WIFSTOPPED(status));
  }  // the descriptor closes, as at the starter's death
  ASSERT_EQ(::waitpid(sleeper, &status, WCONTINUED), sleeper);
  EXPECT_TRUE(WIFCONTINUED(status));
  ::kill(sleeper, SIGKILL);
  ::waitpid(sleeper, &status, 0);
  ::waitpid(-1, &status, 0);  // the guard
}

}  // namespace
}  // namespace ullage::act
