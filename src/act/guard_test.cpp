// SPDX-License-Identifier: Apache-2.0
#include "act/guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "act/process_stat.h"
#include "base/file.h"

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

// A starter with its guard, whose command `sh` runs in it; the numbers that `sh` says, and its own.
struct Starter {
  pid_t pid = 0;
  FileDescriptor words;

  std::vector<pid_t> numbers(std::size_t count) const {
    std::vector<pid_t> numbers;
    std::string text;
    while (std::ranges::count(text, '\n') < static_cast<std::ptrdiff_t>(count)) {
      char byte = 0;
      if (::read(words.get(), &byte, 1) != 1) break;
      text += byte;
    }
    std::istringstream lines(text);
    for (pid_t number = 0; lines >> number;) numbers.push_back(number);
    return numbers;
  }
};

Starter start(const char* script, bool ends_well) {
  std::array<int, 2> words{}, go{};
  EXPECT_EQ(::pipe2(words.data(), O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(go.data(), O_CLOEXEC), 0);
  const pid_t starter = ::fork();
  if (starter == 0) {
    {
      auto guard = KillGuard::start(-1);
      if (!guard) ::_exit(1);
      const pid_t command = ::fork();
      if (command == 0) {
        ::dup2(words[1], STDOUT_FILENO);
        char byte = 0;
        ::close(go[1]);
        [[maybe_unused]] const ssize_t got = ::read(go[0], &byte, 1);  // until it is watched
        ::execl("/bin/sh", "sh", "-c", script, nullptr);
        ::_exit(1);
      }
      // The test's own number stands for one that has become another's.
      guard->watch(
          std::array{KillGuard::Member{command, start_ticks_of(command)}, KillGuard::Member{::getppid(), 1}});
      ::close(words[1]);
      ::close(go[1]);
      if (!ends_well) ::pause();
    }
    ::_exit(0);
  }
  ::close(words[1]);
  ::close(go[0]);
  ::close(go[1]);
  return {starter, FileDescriptor(words[0])};
}

bool ends_soon(pid_t pid) {
  for (int i = 0; i < 1000; ++i) {
    const char state = process_state(pid);
    if (state == 0 || state == 'Z') return true;
    ::poll(nullptr, 0, 10);
  }
  return false;
}

TEST(KillGuard, EndsAllThatDescendsFromTheRunWhenItsStarterIsKilled) {
  // The second is a grandchild in a session of its own.
  const Starter starter = start("echo $$; (setsid sh -c 'echo $$; exec sleep 60' & wait)", false);
  const auto numbers = starter.numbers(2);
  ASSERT_EQ(numbers.size(), 2u);
  ::kill(starter.pid, SIGKILL);
  ::waitpid(starter.pid, nullptr, 0);
  for (const pid_t number : numbers) EXPECT_TRUE(ends_soon(number)) << number;
}

TEST(KillGuard, KillsNobodyWhenItsStarterEndsInGoodOrder) {
  const Starter starter = start("echo $$; exec sleep 60", true);
  const auto numbers = starter.numbers(1);
  ASSERT_EQ(numbers.size(), 1u);
  ::waitpid(starter.pid, nullptr, 0);  // who has waited for its guard
  EXPECT_EQ(::kill(numbers[0], 0), 0);
  EXPECT_NE(process_state(numbers[0]), 'T');
  ::kill(numbers[0], SIGKILL);
}

}  // namespace
}  // namespace ullage::act
