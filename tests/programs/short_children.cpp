// SPDX-License-Identifier: Apache-2.0
// short_children COUNT: starts COUNT children one after another, each of which ends at once, and waits for
// each.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "program.h"

int main(int count, char** arguments) {
  const long children = program::number(count, arguments, 1, "short_children COUNT");
  for (long i = 0; i < children; ++i) {
    const pid_t child = ::fork();
    if (child < 0) {
      std::perror("fork");
      return 1;
    }
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
  }
}
