// SPDX-License-Identifier: Apache-2.0
// share_memory PROCESSES MIB MS: PROCESSES processes map and touch the same MIB of shared memory and hold it
// for MS milliseconds. Its true use is MIB, not PROCESSES × MIB.
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

int main(int count, char** arguments) {
  constexpr auto kUsage = "share_memory PROCESSES MIB MS";
  const long processes = program::number(count, arguments, 1, kUsage);
  const long mib = program::number(count, arguments, 2, kUsage);
  const long ms = program::number(count, arguments, 3, kUsage);
  char* bytes = program::touch(mib, MAP_SHARED);
  for (long started = 1; started < processes; ++started) {
    const pid_t child = ::fork();
    if (child < 0) return 1;
    if (child > 0) continue;
    for (long at = 0; at < mib << 20; at += 4096) bytes[at] = 2;
    program::sleep_ms(ms);
    ::_exit(0);
  }
  program::sleep_ms(ms);
  while (::wait(nullptr) > 0) {
  }
}
