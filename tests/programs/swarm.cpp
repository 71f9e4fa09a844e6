// SPDX-License-Identifier: Apache-2.0
// swarm COUNT: so many processes at once, each in the memory of the first, so that thousands cost little.
// Says "there" when they are, and ends them when its standard input ends.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <vector>

#include "program.h"

namespace {

constexpr std::size_t kStackBytes = 4096;

int wait_for_the_end(void* /*nothing*/) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (true) ::pause();
}

}  // namespace

int main(int count, char** arguments) {
  const auto processes = static_cast<std::size_t>(program::number(count, arguments, 1, "swarm COUNT"));
  const std::unique_ptr<char[]> stacks(new char[processes * kStackBytes]);
  std::vector<pid_t> pids;
  for (std::size_t i = 1; i <= processes; ++i) {
    const pid_t pid = ::clone(wait_for_the_end, stacks.get() + i * kStackBytes, CLONE_VM | SIGCHLD, nullptr);
    if (pid < 0) {
      std::perror("clone");
      break;
    }
    pids.push_back(pid);
  }
  if (pids.size() == processes) std::puts("there");
  std::fflush(stdout);
  char byte;
  while (pids.size() == processes && ::read(0, &byte, 1) > 0) continue;
  for (const pid_t pid : pids) ::kill(pid, SIGKILL);
  for (const pid_t pid : pids) ::waitpid(pid, nullptr, 0);
  return pids.size() == processes ? 0 : 1;
}
