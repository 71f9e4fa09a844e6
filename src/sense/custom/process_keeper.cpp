// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/process_keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"

namespace ullage::sense {

namespace {

// The keeper's own descriptors, after those that every program has.
constexpr int kControl = 3, kReport = 4, kDescriptors = 5;
constexpr int kGraceMs = 2'000;  // for the keeper to end all, before it is ended itself

// All that the keeper needs, made before the fork: it may not allocate.
struct Plan {
  const char* path = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const char* children_file = nullptr;  // of its own thread
  std::array<int, kDescriptors> descriptors{};
};

void take_descriptors(const Plan& plan) {
  // First out of the way of each other, for any of them may have the number of another.
  std::array<int, kDescriptors> high{};
  for (std::size_t i = 0; i < high.size(); ++i)
    high[i] = ::fcntl(plan.descriptors[i], F_DUPFD_CLOEXEC, kDescriptors + 5);
  for (std::size_t i = 0; i < high.size(); ++i) ::dup2(high[i], static_cast<int>(i));
  ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
  ::fcntl(kReport, F_SETFD, FD_CLOEXEC);
  // What else we hold (a database, a socket) must not live on in the keeper.
  if (::syscall(SYS_close_range, static_cast<unsigned>(kDescriptors), ~0U, 0U) == 0) return;
  for (int fd = kDescriptors; fd < 4096; ++fd) ::close(fd);  // before Linux 5.9
}

void take_plain_signals() {
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become_program(const Plan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  (void)!::chdir("/");
  ::execve(plan.path, plan.arguments, plan.environment);
  const KeeperReport report{.exec_errno = errno, .status = 0};
  (void)!::write(kReport, &report, sizeof report);
  ::_exit(127);
}

// Sends SIGKILL to each child that the kernel lists.
void kill_listed(const char* children_file) {
  const int fd = ::open(children_file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  std::array<char, 4096> bytes{};
  pid_t pid = 0;
  for (ssize_t got = 0; (got = ::read(fd, bytes.data(), bytes.size())) > 0;)
    for (ssize_t i = 0; i < got; ++i) {
      const char c = bytes[static_cast<std::size_t>(i)];
      if (c >= '0' && c <= '9') {
        pid = pid * 10 + (c - '0');
      } else if (pid > 0) {
        ::kill(pid, SIGKILL);
        pid = 0;
      }
    }
  ::close(fd);
}

// What one that was killed leaves behind becomes ours and is in the next list, until there is none.
void kill_all(pid_t program, const char* children_file, int& status) {
  while (true) {
    ::kill(-program, SIGKILL);  // its group
    kill_listed(children_file);
    int ended_status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, &ended_status, WNOHANG)) > 0)
      if (ended == program) status = ended_status;
    if (ended < 0 && errno == ECHILD) return;
    ::poll(nullptr, 0, 1);
  }
}

[[noreturn]] void keep(const Plan& plan) {
  ::setpgid(0, 0);
  take_descriptors(plan);
  take_plain_signals();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t program = ::fork();
  if (program == 0) become_program(plan);
  for (const int fd : {0, 1, 2}) ::close(fd);
  if (program < 0) {
    const KeeperReport report{.exec_errno = errno, .status = 0};
    (void)!::write(kReport, &report, sizeof report);
    ::_exit(1);
  }
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, program, 0U));
  KeeperReport report;
  bool has_ended = false, is_told = false;
  while (!has_ended && !is_told) {
    std::array<pollfd, 2> waits{{{kControl, POLLIN, 0}, {pidfd, POLLIN, 0}}};
    ::poll(waits.data(), 2, pidfd < 0 ? 20 : -1);  // before Linux 5.3 there is no pidfd
    is_told = waits[0].revents != 0;
    // Not reaped before its group was ended, so that its number is nobody else's.
    siginfo_t info{};
    has_ended = ::waitid(P_PID, static_cast<id_t>(program), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                info.si_pid == program;
  }
  kill_all(program, plan.children_file, report.status);
  (void)!::write(kReport, &report, sizeof report);
  ::_exit(0);
}

struct Pipe {
  FileDescriptor read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", "", errno);
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace

Result<ProcessKeeper> ProcessKeeper::start(const OsRoot& root, const std::string& path,
                                           const std::vector<std::string>& environment) {
  auto nothing = open_file("/dev/null", O_RDONLY);
  if (!nothing) return pass_on(nothing);
  std::array<Pipe, 4> pipes;  // output, error, control, report
  for (Pipe& pipe : pipes) {
    auto made = make_pipe();
    if (!made) return pass_on(made);
    pipe = *std::move(made);
  }
  auto& [out, error, control, report] = pipes;
  const std::string children_file = root.path("/proc/thread-self/children");
  std::string argument = path;
  std::array<char*, 2> arguments{argument.data(), nullptr};
  std::vector<std::string> texts = environment;
  std::vector<char*> variables;
  for (std::string& text : texts) variables.push_back(text.data());
  variables.push_back(nullptr);
  const Plan plan{.path = path.c_str(),
                  .arguments = arguments.data(),
                  .environment = variables.data(),
                  .children_file = children_file.c_str(),
                  .descriptors = {nothing->get(), out.write.get(), error.write.get(), control.read.get(),
                                  report.write.get()}};
  ProcessKeeper keeper;
  keeper.pid_ = ::fork();
  if (keeper.pid_ < 0) return fail_errno("cannot start a process", path, errno);
  if (keeper.pid_ == 0) keep(plan);
  keeper.out_ = std::move(out.read);
  keeper.error_ = std::move(error.read);
  keeper.control_ = std::move(control.write);
  keeper.ended_ = std::move(report.read);
  for (const int fd : {keeper.out(), keeper.error()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return keeper;
}

ProcessKeeper::ProcessKeeper(ProcessKeeper&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      out_(std::move(other.out_)),
      error_(std::move(other.error_)),
      ended_(std::move(other.ended_)),
      control_(std::move(other.control_)) {}

ProcessKeeper::~ProcessKeeper() {
  if (pid_ < 0) return;
  end_all();
  // It answers, or is ended where something that it waits for cannot be killed (it hangs in the kernel).
  pollfd wait{ended(), POLLIN, 0};
  if (::poll(&wait, 1, kGraceMs) == 0) ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

KeeperReport ProcessKeeper::report() const {
  KeeperReport first;
  if (::read(ended(), &first, sizeof first) != sizeof first) return {.exec_errno = EIO, .status = 0};
  return first;
}

}  // namespace ullage::sense
