// SPDX-License-Identifier: Apache-2.0
#include "heap/track/exit_scan.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>

#include "heap/track/os.h"
#include "heap/track/text.h"

namespace ullage::heap::track {

namespace {

constexpr int kPatienceMs = 15'000;  // the scanner's own is shorter

template <typename T>
long pass(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

// Only calls of the kernel: this is a copy of a process that may have had other threads.
[[noreturn]] void become_scanner(const char* scanner, const char* process, const char* heap_file) {
  kernel_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
  // First closed: the program may have no descriptor left for another file, and what the loader then
  // complains of is none of its output.
  for (int descriptor = 0; descriptor <= 2; ++descriptor) kernel_call(SYS_close, descriptor);
  for (int descriptor = 0; descriptor <= 2; ++descriptor)
    if (kernel_call(SYS_openat, AT_FDCWD, pass("/dev/null"), O_RDWR) != descriptor)
      kernel_call(SYS_exit_group, 127);
  const char* arguments[] = {scanner, "heap", "scan", process, heap_file, nullptr};
  const char* environment[] = {nullptr};
  kernel_call(SYS_execve, pass(scanner), pass(arguments), pass(environment));
  kernel_call(SYS_exit_group, 127);
  __builtin_unreachable();
}

}  // namespace

void scan_at_exit(const char* folder, const char* heap_file) {
  Text<512> scanner;
  scanner.add(folder).add("/scanner");
  if (scanner.is_cut() || kernel_call(SYS_faccessat, AT_FDCWD, pass(scanner.c_str()), X_OK) != 0) return;
  Text<24> process;
  process.add(static_cast<std::uint64_t>(kernel_call(SYS_getpid)));
  // As fork, but its end raises no signal: the program may count on hearing only of its own children.
  const long child = kernel_call(SYS_clone, 0);
  if (child == 0) become_scanner(scanner.c_str(), process.c_str(), heap_file);
  if (child < 0) return;
  kernel_call(SYS_prctl, PR_SET_PTRACER, child);  // where a security module lets only ancestors look
  for (int waited_ms = 0; waited_ms < kPatienceMs; ++waited_ms) {
    if (kernel_call(SYS_wait4, child, 0, WNOHANG | __WALL) != 0) return;
    const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
    kernel_call(SYS_nanosleep, pass(&pause));
  }
  kernel_call(SYS_kill, child, SIGKILL);
  kernel_call(SYS_wait4, child, 0, __WALL);
}

}  // namespace ullage::heap::track
