// SPDX-License-Identifier: Apache-2.0
// ignore_term SECONDS: ignores SIGTERM, says "ready", and lives SECONDS or until something stronger.
#include <csignal>
#include <cstdio>

#include "program.h"

int main(int count, char** arguments) {
  const long seconds = program::number(count, arguments, 1, "ignore_term SECONDS");
  std::signal(SIGTERM, SIG_IGN);
  std::puts("ready");
  std::fflush(stdout);
  program::sleep_ms(seconds * 1000);
}
