// SPDX-License-Identifier: Apache-2.0
// fork_memory PROCESSES MIB MS: touches MIB of its own memory, forks so often that there are PROCESSES, and
// all of them hold it for MS milliseconds. Its true use is MIB, not PROCESSES × MIB: nobody writes.
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

int main(int count, char** arguments) {
  constexpr auto kUsage = "fork_memory PROCESSES MIB MS";
  const long processes = program::number(count, arguments, 1, kUsage);
  const long mib = program::number(count, arguments, 2, kUsage);
  const long ms = program::number(count, arguments, 3, kUsage);
  program::touch(mib);
  for (long started = 1; started < processes; ++started) {
    const pid_t child = ::fork();
    if (child < 0) return 1;
    if (child > 0) continue;
    program::sleep_ms(ms);
    ::_exit(0);
  }
  program::sleep_ms(ms);
  while (::wait(nullptr) > 0) {
  }
}
