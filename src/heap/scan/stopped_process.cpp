// SPDX-License-Identifier: Apache-2.0
#include "heap/scan/stopped_process.h"

#include <elf.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::heap {

namespace {

constexpr int kPatienceMs = 2000;  // of a thread whose child has its memory (vfork(2)), or that is frozen

ThreadRegisters registers_of(pid_t thread) {
  ThreadRegisters registers;
  user_regs_struct values{};
  iovec into{&values, sizeof values};
  if (::ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &into) != 0) return registers;
  registers.general.resize(sizeof values / sizeof(std::uint64_t));
  std::memcpy(registers.general.data(), &values, sizeof values);
#if defined(__x86_64__)
  registers.stack_pointer = values.rsp;
  registers.thread_pointer = values.fs_base;
#elif defined(__aarch64__)
  registers.stack_pointer = values.sp;
#endif
  return registers;
}

#if defined(__x86_64__)
// Of these even a stop without a signal makes an error in the program (signal(7), "Interruption of system
// calls and library functions by stop signals"); all others the kernel takes up again.
bool is_never_taken_up_again(std::uint64_t call) {
  constexpr std::uint64_t kCalls[] = {SYS_epoll_wait, SYS_epoll_pwait,  SYS_epoll_pwait2,   SYS_semop,
                                      SYS_semtimedop, SYS_io_getevents, SYS_rt_sigtimedwait};
  return std::ranges::count(kCalls, call) != 0;
}

// Back to the instruction that makes the call. A signal that comes meanwhile comes as if before the call.
void take_up_again(pid_t thread) {
  constexpr std::uint64_t kInstructionBytes = 2;  // syscall
  user_regs_struct values{};
  iovec into{&values, sizeof values};
  if (::ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &into) != 0) return;
  if (values.rax != static_cast<std::uint64_t>(-EINTR) || !is_never_taken_up_again(values.orig_rax)) return;
  values.rax = values.orig_rax;
  values.rip -= kInstructionBytes;
  ::ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &into);
}
#else
void take_up_again(pid_t /*thread*/) {}  // what the call's first argument was is not told
#endif

std::uint64_t to_hexadecimal(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

}  // namespace

std::vector<MappedRegion> parse_regions(std::string_view text) {
  std::vector<MappedRegion> regions;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    MappedRegion& region = regions.emplace_back();
    region.begin = to_hexadecimal(take_until(line, '-'));
    region.end = to_hexadecimal(take_until(line, ' '));
    const std::string_view rights = take_until(line, ' ');
    region.is_readable = rights.starts_with("r");
    region.is_writable = rights.size() > 1 && rights[1] == 'w';
    for (int i = 0; i < 3; ++i) take_until(line, ' ');  // offset, device, inode
    region.name = trim(line);
  }
  return regions;
}

StoppedProcess::StoppedProcess(StoppedProcess&& other) noexcept
    : pid_(other.pid_),
      root_(other.root_),
      threads_(std::exchange(other.threads_, {})),
      registers_(std::move(other.registers_)) {}

StoppedProcess::~StoppedProcess() {
  for (const Thread& thread : threads_) {
    if (thread.signal == 0 && !has_pending_signal(thread.id)) take_up_again(thread.id);
    ::ptrace(PTRACE_DETACH, thread.id, nullptr, static_cast<std::uintptr_t>(thread.signal));
  }
}

// That the thread would take: such a one is what its call ends for.
bool StoppedProcess::has_pending_signal(pid_t thread) const {
  auto text = read_file(root_.path(fmt::format("/proc/{}/task/{}/status", pid_, thread)));
  if (!text) return true;
  std::uint64_t pending = 0;
  std::uint64_t blocked = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::string_view line = take_until(rest, '\n');
    if (line.starts_with("SigPnd:\t") || line.starts_with("ShdPnd:\t"))
      pending |= to_hexadecimal(line.substr(8));
    if (line.starts_with("SigBlk:\t")) blocked = to_hexadecimal(line.substr(8));
  }
  return (pending & ~blocked) != 0;
}

Result<StoppedProcess> StoppedProcess::stop(pid_t pid, const OsRoot& root) {
  StoppedProcess process(pid, root);
  if (auto stopped = process.stop_threads(); !stopped) return pass_on(stopped);
  return process;
}

// A thread may start another while it is not stopped yet: until all that are there are known.
Result<void> StoppedProcess::stop_threads() {
  const std::string folder = root_.path("/proc/" + std::to_string(pid_) + "/task");
  for (std::size_t before = SIZE_MAX; before != threads_.size();) {
    before = threads_.size();
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator(folder, error); !error && entry != end(entry);
         entry.increment(error)) {
      const auto thread = to_unsigned(entry->path().filename().string());
      if (!thread || std::ranges::count(threads_, static_cast<pid_t>(*thread), &Thread::id) != 0) continue;
      if (auto stopped = stop_thread(static_cast<pid_t>(*thread)); !stopped) return stopped;
    }
    if (error) return fail_errno("cannot list the threads", folder, error.value());
  }
  for (const Thread& thread : threads_) registers_.push_back(registers_of(thread.id));
  return {};
}

Result<void> StoppedProcess::stop_thread(pid_t thread) {
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) {
    if (errno == ESRCH) return {};  // it has just ended
    return fail_errno("cannot stop the process", std::to_string(thread), errno);
  }
  threads_.push_back({thread, 0});
  if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0 && errno != ESRCH)
    return fail_errno("cannot stop the process", std::to_string(thread), errno);
  int status = 0;
  pid_t waited = 0;
  for (int waited_ms = 0; waited_ms < kPatienceMs && waited == 0; ++waited_ms) {
    waited = ::waitpid(thread, &status, __WALL | WNOHANG);
    if (waited == 0) ::poll(nullptr, 0, 1);
  }
  if (waited == 0) return fail("the process does not stop: it waits in the kernel", std::to_string(thread));
  // Not our stop, but one for a signal: it is given at the end, else nobody would.
  if (WIFSTOPPED(status) && status >> 16 == 0) threads_.back().signal = WSTOPSIG(status);
  return {};
}

Result<std::vector<MappedRegion>> regions_of(pid_t pid, const OsRoot& root) {
  auto text = read_file(root.path("/proc/" + std::to_string(pid) + "/maps"));
  if (!text) return pass_on(text);
  return parse_regions(*text);
}

std::size_t StoppedProcess::read(std::uint64_t address, std::span<std::uint64_t> words) const {
  const iovec into{words.data(), words.size_bytes()};
  const iovec from{reinterpret_cast<void*>(address),
                   words.size_bytes()};  // NOLINT(performance-no-int-to-ptr)
  const ssize_t got = ::process_vm_readv(pid_, &into, 1, &from, 1, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

}  // namespace ullage::heap
