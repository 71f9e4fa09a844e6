// SPDX-License-Identifier: Apache-2.0
#include "act/start_state.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <initializer_list>

namespace ullage::act {
namespace {

StartState read_start_state() {
  StartState state;
  sigemptyset(&state.blocked);
  sigemptyset(&state.ignored);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &state.blocked);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
      sigaddset(&state.ignored, signal);
  }
  ::getrlimit(RLIMIT_NOFILE, &state.open_files);
  return state;
}

constexpr rlim_t kOpenFiles = 65'536;

}  // namespace

const StartState& start_state() {
  static const StartState state = read_start_state();
  return state;
}

void raise_open_files() {
  rlimit limit = start_state().open_files;
  const rlim_t wanted = std::min(limit.rlim_max, kOpenFiles);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void guard_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // Those below are open by now, so the lowest free number is this one.
    [[maybe_unused]] const int opened = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  }
}

}  // namespace ullage::act
