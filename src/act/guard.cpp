// SPDX-License-Identifier: Apache-2.0
#include "act/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "act/process_stat.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::act {

namespace {

using Member = KillGuard::Member;

// Passes over all processes, each for those born during the one before.
constexpr int kPasses = 100;

struct Pipe {
  FileDescriptor theirs, ours;
};
Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", "guard", errno);
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// In the guard, where this returns 0, only what is safe after a fork (signal-safety(7)). No handler of ours
// runs there; its session is its own, as the terminal's signals are not for it, and so is its name, as
// `killall ullage` is not either. With an exit signal of 0 no wait for ordinary children sees it (clone(2),
// __WCLONE).
pid_t fork_guard(int exit_signal) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto guard = static_cast<pid_t>(::syscall(SYS_clone, exit_signal, 0, 0, 0, 0));
  if (guard == 0) {
    ::setsid();
    ::prctl(PR_SET_NAME, "run-guard");
  } else {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  return guard;
}

// Until the starter is gone. Everything else that is open would stay open with the guard: pipes to the next
// program, the run's lock. `kept` becomes descriptor 1.
void wait_for_end(int pipe, int kept = -1) {
  ::dup2(pipe, STDIN_FILENO);
  if (kept >= 0) ::dup2(kept, STDOUT_FILENO);
  ::close_range(kept >= 0 ? STDERR_FILENO : STDOUT_FILENO, ~0U, 0);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
  }
}

// As getdents64(2) writes it; opendir() would allocate.
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t next;
  std::uint16_t size;
  unsigned char type;
  char name[1];
};

template <class Visit>
void for_each_process(const char* proc, Visit visit) {
  const int folder = ::open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  alignas(DirectoryEntry) std::array<char, 16'384> entries;
  for (long got = 0; (got = ::syscall(SYS_getdents64, folder, entries.data(), entries.size())) > 0;)
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(entries.data() + at);
      at += entry->size;
      if (const auto pid = to_signed(static_cast<const char*>(entry->name))) visit(static_cast<pid_t>(*pid));
    }
  ::close(folder);
}

}  // namespace

Result<ThawGuard> start_thaw_guard(const std::vector<pid_t>& stopped) {
  auto pipe = make_pipe();
  if (!pipe) return pass_on(pipe);
  const pid_t guard = fork_guard(SIGCHLD);
  if (guard < 0) return fail_errno("cannot fork", "guard", errno);
  if (guard > 0) return ThawGuard{guard, std::move(pipe->ours)};
  wait_for_end(pipe->theirs.get());
  for (const pid_t pid : stopped) ::kill(pid, SIGCONT);
  ::_exit(0);
}

struct KillGuard::Shared {
  std::atomic<bool> stands_down;
  std::atomic<std::size_t> count;
  std::array<Member, kMembersMax> members;

  bool has(pid_t pid) const {
    const std::span known = std::span(members).first(count);
    return std::ranges::find(known, pid, &Member::pid) != known.end();
  }
  void stop(pid_t pid) {
    if (pid > 1 && count < members.size() && ::kill(pid, SIGSTOP) == 0) members[count++].pid = pid;
  }

  // All are stopped before one is killed: the children of who died first would be init's, and found no more.
  void end_all(const char* proc) {
    const std::size_t told = count.exchange(0);
    for (std::size_t i = 0; i < told; ++i) {
      const Member member = members[i];
      if (member.start_ticks == start_ticks_of(member.pid)) stop(member.pid);
    }
    std::size_t before = 0;
    for (int pass = 0; before != count && pass < kPasses; ++pass) {
      before = count;
      for_each_process(proc, [&](pid_t pid) {
        if (!has(pid) && has(parent_of(pid))) stop(pid);
      });
    }
    for (const Member& member : std::span(members).first(count)) ::kill(member.pid, SIGKILL);
  }

  // What the guard does with its life. kill_file: the cgroup's, or -1.
  [[noreturn]] void stand_guard(int pipe, int kill_file, const char* proc) {
    wait_for_end(pipe, kill_file);
    if (stands_down) ::_exit(0);
    if (kill_file >= 0) {
      [[maybe_unused]] const ssize_t put = ::write(STDOUT_FILENO, "1", 1);
    }
    end_all(proc);
    ::_exit(0);
  }
};

Result<KillGuard> KillGuard::start(int cgroup_fd) {
  auto pipe = make_pipe();
  if (!pipe) return pass_on(pipe);
  void* const memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail_errno("cannot share memory", "guard", errno);
  KillGuard guard;
  guard.shared_ = static_cast<Shared*>(memory);
  // Since Linux 5.14. Opened now: the folder may have another's name later.
  const FileDescriptor kill_file(cgroup_fd < 0 ? -1
                                               : ::openat(cgroup_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC));
  const std::string proc = OsRoot::live().path("/proc");
  const pid_t pid = fork_guard(0);
  if (pid < 0) return fail_errno("cannot fork", "guard", errno);
  if (pid == 0) guard.shared_->stand_guard(pipe->theirs.get(), kill_file.get(), proc.c_str());
  guard.pid_ = pid;
  guard.hold_ = std::move(pipe->ours);
  return guard;
}

void KillGuard::watch(std::span<const Member> members) {
  const std::size_t count = std::min(members.size(), kMembersMax);
  std::ranges::copy(members.first(count), shared_->members.begin());
  shared_->count = count;
}

KillGuard::KillGuard(KillGuard&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      hold_(std::move(other.hold_)),
      shared_(std::exchange(other.shared_, nullptr)) {}

KillGuard& KillGuard::operator=(KillGuard&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(hold_, other.hold_);
  std::swap(shared_, other.shared_);
  return *this;
}

KillGuard::~KillGuard() {
  if (shared_ == nullptr) return;
  shared_->stands_down = true;
  if (pid_ > 0) {
    // Not by the pipe's end alone: a child at its gate holds a copy of it. The number is the guard's until
    // reaped.
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, __WALL);  // NOLINT(misc-include-cleaner): <sys/wait.h> it is
  }
  hold_.reset();
  ::munmap(shared_, sizeof(Shared));
}

}  // namespace ullage::act
