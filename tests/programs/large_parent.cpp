// SPDX-License-Identifier: Apache-2.0
// large_parent MIB COMMAND ARGUMENTS…: touches MIB, then becomes COMMAND. Its ru_maxrss still says MIB, which
// is the trap that it is here for.
#include <unistd.h>

#include <cstdio>

#include "program.h"

int main(int count, char** arguments) {
  constexpr auto kUsage = "large_parent MIB COMMAND ARGUMENTS...";
  program::touch(program::number(count, arguments, 1, kUsage));
  if (count < 3) {
    std::fprintf(stderr, "usage: %s\n", kUsage);
    return 2;
  }
  ::execvp(arguments[2], arguments + 2);
  std::perror(arguments[2]);
  return 127;
}
