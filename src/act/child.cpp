// SPDX-License-Identifier: Apache-2.0
#include "act/child.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "act/command_lookup.h"
#include "act/job_stop.h"
#include "act/process_stat.h"
#include "act/start_state.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::act {
namespace {

constexpr int kOwnFailure = 125;
constexpr int kStopCheckMs = 20;
constexpr char kShell[] = "/bin/sh";

// An error of our own: errno goes into the cause, so that exit_code_of() does not take it for the command's.
tl::unexpected<Error> fail_own(std::string_view tried, std::string where, int error_number) {
  return fail(Error{.what = std::string(tried),
                    .where = std::move(where),
                    .cause = std::make_shared<Error>(
                        Error{.what = std::strerror(error_number), .system_error = error_number})});
}

struct Pipe {
  FileDescriptor read_end, write_end;
};
Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_own("cannot make a pipe to the command", "", errno);
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// The gate: a socket, because a write to it after the child's death must not raise SIGPIPE.
Result<Pipe> make_gate() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail_own("cannot make a socket to the command", "", errno);
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

enum class Step : int { change_folder, execute };
struct Failure {
  Step step;
  int error_number;
};

// All that the child needs, made before the fork: between fork and exec only async-signal-safe calls are
// allowed (signal-safety(7)), because another thread may hold malloc's lock.
struct Launch {
  std::string path;
  std::vector<const char*> arguments, environment, shell_arguments;
  const char* working_directory = nullptr;
  const StartState* start = nullptr;
  pid_t parent = 0;
  bool die_with_parent = false;
  int gate_read = -1, gate_write = -1, report = -1;
};

void restore_start_state(const StartState& start) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != start.open_files.rlim_cur) {
    files.rlim_cur = std::min(start.open_files.rlim_cur, files.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    action.sa_handler = sigismember(&start.ignored, signal) == 1 ? SIG_IGN : SIG_DFL;
    ::sigaction(signal, &action, nullptr);
  }
  ::sigprocmask(SIG_SETMASK, &start.blocked, nullptr);
}

[[noreturn]] void give_up(const Launch& launch, Step step, int error_number) {
  const Failure failure{step, error_number};
  [[maybe_unused]] const ssize_t put = ::write(launch.report, &failure, sizeof failure);
  ::_exit(kOwnFailure);
}

[[noreturn]] void run_child(const Launch& launch) {
  if (launch.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != launch.parent) ::_exit(kOwnFailure);
  }
  ::close(launch.gate_write);
  char opened = 0;
  ssize_t got = 0;
  do got = ::read(launch.gate_read, &opened, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(kOwnFailure);

  if (launch.working_directory && ::chdir(launch.working_directory) != 0)
    give_up(launch, Step::change_folder, errno);
  restore_start_state(*launch.start);
  ::execve(launch.path.c_str(), const_cast<char* const*>(launch.arguments.data()),
           const_cast<char* const*>(launch.environment.data()));
  // A script without "#!" is the shell's, as execvp has it.
  if (errno == ENOEXEC) {
    ::execve(kShell, const_cast<char* const*>(launch.shell_arguments.data()),
             const_cast<char* const*>(launch.environment.data()));
    errno = ENOEXEC;
  }
  give_up(launch, Step::execute, errno);
}

struct Born {
  pid_t pid = -1;
  FileDescriptor pidfd;
  bool in_cgroup = false;
};

// clone3 as fork: no CLONE_VM, the child returns 0 on its own copy of the stack.
Born clone_child(int cgroup_fd) {
  int pidfd = -1;
  clone_args arguments = {};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (cgroup_fd >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup_fd);
  }
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  return {.pid = static_cast<pid_t>(pid),
          .pidfd = FileDescriptor(pid > 0 ? pidfd : -1),
          .in_cgroup = cgroup_fd >= 0};
}

// Refused by an old kernel, a seccomp filter or the cgroup's permissions: the same without what was refused.
Born fork_child(int cgroup_fd) {
  Born born = clone_child(cgroup_fd);
  if (born.pid < 0 && cgroup_fd >= 0) born = clone_child(-1);
  if (born.pid >= 0) return born;
  born.pid = ::fork();
  if (born.pid > 0) born.pidfd = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, born.pid, 0)));
  return born;
}

// All signals, so that none reaches the child before its own mask and dispositions are back.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(text.c_str());
  result.push_back(nullptr);
  return result;
}

Launch make_launch(const ChildSpec& spec, std::string path) {
  Launch launch;
  launch.path = std::move(path);
  launch.arguments = pointers(spec.command);
  launch.environment = pointers(spec.environment);
  launch.shell_arguments = {"sh", launch.path.c_str()};
  launch.shell_arguments.insert(launch.shell_arguments.end(), launch.arguments.begin() + 1,
                                launch.arguments.end());
  if (!spec.working_directory.empty()) launch.working_directory = spec.working_directory.c_str();
  launch.start = &start_state();
  launch.parent = ::getpid();
  launch.die_with_parent = spec.die_with_parent;
  return launch;
}

Result<void> write_pid(int folder, const std::string& path, pid_t pid) {
  auto fd = open_file_at(folder, path, O_WRONLY);
  if (!fd) return pass_on(fd);
  const std::string text = std::to_string(pid);
  if (::write(fd->get(), text.data(), text.size()) < 0)
    return fail_errno("cannot move the command into", path, errno);
  return {};
}

// Into the cgroups and onto the processors that birth itself did not give it. What failed, or empty.
std::string place_child(const ChildSpec& spec, const Born& born) {
  std::string problem;
  const auto note = [&problem](const Error& error) {
    problem += (problem.empty() ? "" : "; ") + error.text();
  };
  if (spec.cgroup_fd >= 0 && !born.in_cgroup) {
    const auto moved = write_pid(spec.cgroup_fd, "cgroup.procs", born.pid);
    if (!moved) note(moved.error());
  }
  for (const std::string& file : spec.cgroup_procs_files) {
    const auto moved = write_pid(AT_FDCWD, file, born.pid);
    if (!moved) note(moved.error());
  }
  if (!spec.processors.empty()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int processor : spec.processors)
      if (processor >= 0 && processor < CPU_SETSIZE) CPU_SET(processor, &set);
    if (::sched_setaffinity(born.pid, sizeof set, &set) != 0)
      note(fail_errno("cannot set the command's processors", "", errno).value());
  }
  return problem;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

ExitStatus make_status(int status, const rusage& usage) {
  ExitStatus result;
  if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  result.user_seconds = seconds(usage.ru_utime);
  result.system_seconds = seconds(usage.ru_stime);
  return result;
}

// What a child has of ours until it has executed its command, pages of both kinds.
std::uint64_t own_resident_bytes() {
  const auto text = read_file(OsRoot::live().path("/proc/self/statm"));
  if (!text) return UINT64_MAX;
  std::string_view rest = *text;
  take_word(rest);
  const auto pages = to_unsigned(take_word(rest));
  return pages ? *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : UINT64_MAX;
}

// With SIGCHLD ignored (as some services start their children) the kernel reaps for us and wait4 finds
// nothing.
void stop_ignoring_ended_children() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  if (sigismember(&start_state().ignored, SIGCHLD) == 1) ::sigaction(SIGCHLD, &action, nullptr);
}

// Until the child has executed its command or said why not. Ctrl-Z may stop it before it gets there: then we
// stand still with it here, where nobody reads our signals, and continue it ourselves.
void wait_for_report(int report, pid_t pid) {
  pollfd entry{report, POLLIN, 0};
  while (::poll(&entry, 1, kStopCheckMs) <= 0) {
    const int stop_signal = take_stop_signal(pid);
    if (stop_signal != 0 && stand_still_with(pid, stop_signal) && process_state(pid) == 'T')
      ::kill(pid, SIGCONT);
  }
}

}  // namespace

struct Child::Impl {
  Born born;
  std::string path;
  std::string placement_problem;
  FileDescriptor gate, report;
  std::optional<ExitStatus> ended;
  std::uint64_t born_with_bytes = 0;  // resident

  // Never released: the closing gate makes it leave at once, and nobody else would reap it.
  ~Impl() {
    if (!gate.is_open() || ended) return;
    gate.reset();
    ::waitpid(born.pid, nullptr, 0);
  }
};

Child::Child(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&&) noexcept = default;
Child::~Child() = default;
pid_t Child::pid() const { return impl_->born.pid; }
int Child::pidfd() const { return impl_->born.pidfd.get(); }
const std::string& Child::placement_problem() const { return impl_->placement_problem; }

Result<Child> Child::prepare(const ChildSpec& spec) {
  if (spec.command.empty()) return fail("no command was given", "", "name it after --");
  auto path = find_command(spec.command[0], spec.environment, spec.working_directory);
  if (!path) return pass_on(path);
  auto gate = make_gate();
  if (!gate) return pass_on(gate);
  auto report = make_pipe();
  if (!report) return pass_on(report);
  stop_ignoring_ended_children();

  Launch launch = make_launch(spec, *path);
  launch.gate_read = gate->read_end.get();
  launch.gate_write = gate->write_end.get();
  launch.report = report->write_end.get();
  auto impl = std::make_unique<Impl>();
  impl->born_with_bytes = own_resident_bytes();
  {
    const SignalsBlocked blocked;
    impl->born = fork_child(spec.cgroup_fd);
    if (impl->born.pid == 0) run_child(launch);
  }
  if (impl->born.pid < 0) return fail_own("cannot start a process", spec.command[0], errno);
  impl->path = launch.path;
  impl->placement_problem = place_child(spec, impl->born);
  impl->gate = std::move(gate->write_end);
  impl->report = std::move(report->read_end);
  return Child(std::move(impl));
}

Result<void> Child::release() {
  // A child that was killed at the gate makes this fail, and leaves its status to try_wait().
  [[maybe_unused]] const ssize_t put = ::send(impl_->gate.get(), "!", 1, MSG_NOSIGNAL);
  impl_->gate.reset();
  wait_for_report(impl_->report.get(), impl_->born.pid);
  Failure failure{};
  ssize_t got = 0;
  do got = ::read(impl_->report.get(), &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  impl_->report.reset();
  if (got != sizeof failure) return {};
  ::waitpid(impl_->born.pid, nullptr, 0);
  impl_->ended.emplace();
  impl_->ended->code = kOwnFailure;
  if (failure.step == Step::change_folder)
    return fail_own("cannot change to the working directory", impl_->path, failure.error_number);
  return fail(exec_error(impl_->path, failure.error_number));
}

std::optional<ExitStatus> Child::try_wait() {
  if (impl_->ended) return impl_->ended;
  int status = 0;
  rusage usage = {};
  if (::wait4(impl_->born.pid, &status, WNOHANG, &usage) == impl_->born.pid)
    impl_->ended = make_status(status, usage);
  const auto peak = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  if (impl_->ended && peak > 0 && peak / 2 > impl_->born_with_bytes) impl_->ended->peak_resident_bytes = peak;
  return impl_->ended;
}

std::vector<Reaped> reap_orphans(pid_t except) {
  std::vector<Reaped> result;
  while (true) {
    siginfo_t ended = {};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return result;
    if (ended.si_pid == 0 || ended.si_pid == except) return result;
    int status = 0;
    rusage usage = {};
    if (::wait4(ended.si_pid, &status, WNOHANG, &usage) != ended.si_pid) return result;
    result.push_back({ended.si_pid, make_status(status, usage)});
  }
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

Result<void> become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
    return fail_errno("cannot become a child subreaper", "", errno);
  return {};
}

}  // namespace ullage::act
