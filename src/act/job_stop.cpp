// SPDX-License-Identifier: Apache-2.0
#include "act/job_stop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "act/process_stat.h"

namespace ullage::act {
namespace {

constexpr int kGuardIntervalMs = 100;

bool is_ignored(int signal) {
  struct sigaction action = {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// A terminal, and a parent in our session that may watch us as a job. The kernel's own rule for SIGTSTP is
// finer (orphaned groups); this one is for SIGSTOP, which it lets through always.
bool has_job_control() {
  const int fd = ::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return false;
  ::close(fd);
  return ::getsid(::getppid()) == ::getsid(0);
}

// Continues `parent` whenever it stands still although `child` does not. Ended by the parent once it runs.
[[noreturn]] void run_guard(pid_t parent, pid_t child) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (::getppid() == parent) {
    const char state = process_state(child);
    if (state != 'T' && state != 't' && process_state(parent) == 'T') ::kill(parent, SIGCONT);
    ::poll(nullptr, 0, kGuardIntervalMs);
  }
  ::_exit(0);
}

// With no exit signal, so that no wait for ordinary children sees it (clone(2), __WCLONE).
pid_t start_guard(pid_t child) {
  const pid_t parent = ::getpid();
  const long pid = ::syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (pid == 0) run_guard(parent, child);
  return static_cast<pid_t>(pid);
}

void end_guard(pid_t guard) {
  if (guard <= 0) return;
  ::kill(guard, SIGKILL);
  ::waitpid(guard, nullptr, __WALL);
}

}  // namespace

int take_stop_signal(pid_t child) {
  siginfo_t stopped = {};
  if (::waitid(P_PID, static_cast<id_t>(child), &stopped, WSTOPPED | WNOHANG) != 0 || stopped.si_pid == 0)
    return 0;
  return stopped.si_status;
}

// Sent while it is held back, as all relayed signals are, so that it and the terminal's own that may be
// pending are one; then let through. The other way round we would stop twice, and fg would seem to fail.
void stop_self(int signal) {
  sigset_t only, before;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::kill(::getpid(), signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, &before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool stand_still_with(pid_t child, int stop_signal) {
  if (!has_job_control()) return false;
  const bool is_job_control_signal =
      stop_signal == SIGTSTP || stop_signal == SIGTTIN || stop_signal == SIGTTOU;
  const pid_t guard = start_guard(child);
  stop_self(is_job_control_signal && !is_ignored(stop_signal) ? stop_signal : SIGSTOP);
  end_guard(guard);
  return true;
}

}  // namespace ullage::act
