// SPDX-License-Identifier: Apache-2.0
// grandchild_spike MIB MS: a grandchild touches MIB for MS milliseconds; its parent and ours wait for it.
// What a sampler of the command alone never sees.
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

int main(int count, char** arguments) {
  constexpr auto kUsage = "grandchild_spike MIB MS";
  const long mib = program::number(count, arguments, 1, kUsage);
  const long ms = program::number(count, arguments, 2, kUsage);
  for (int generation = 0; generation < 2; ++generation) {
    const pid_t child = ::fork();
    if (child < 0) return 1;
    if (child == 0) continue;
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }
  program::touch(mib);
  program::sleep_ms(ms);
}
