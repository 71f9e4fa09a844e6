// SPDX-License-Identifier: Apache-2.0
#include "act/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ullage::act {

Result<ThawGuard> start_thaw_guard(const std::vector<pid_t>& stopped) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", "guard", errno);
  FileDescriptor theirs(ends[0]), ours(ends[1]);
  const pid_t guard = ::fork();
  if (guard < 0) return fail_errno("cannot fork", "guard", errno);
  if (guard > 0) return ThawGuard{guard, std::move(ours)};
  // In the guard, only what is safe after a fork. Its own session: the terminal's signals are not for it.
  // Everything else that is open would stay open with it: pipes to the next program, the run's lock.
  ::dup2(theirs.get(), STDIN_FILENO);
  ::close_range(STDOUT_FILENO, ~0U, 0);
  ::setsid();
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
  }
  for (const pid_t pid : stopped) ::kill(pid, SIGCONT);
  ::_exit(0);
}

}  // namespace ullage::act
