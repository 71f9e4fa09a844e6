// SPDX-License-Identifier: Apache-2.0
// double_fork SECONDS: leaves a daemon (double fork, own session) that lives SECONDS more, prints its pid,
// and exits 0 at once.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "program.h"

int main(int count, char** arguments) {
  const long seconds = program::number(count, arguments, 1, "double_fork SECONDS");
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  const pid_t first = ::fork();
  if (first < 0) return 1;
  if (first == 0) {
    ::setsid();
    const pid_t daemon = ::fork();
    if (daemon != 0) ::_exit(daemon < 0 ? 1 : 0);
    const pid_t self = ::getpid();
    if (::write(ends[1], &self, sizeof self) != sizeof self) ::_exit(1);
    // Holding nobody's pipe open, as a daemon.
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    program::sleep_ms(seconds * 1000);
    ::_exit(0);
  }
  ::close(ends[1]);
  pid_t daemon = 0;
  if (::read(ends[0], &daemon, sizeof daemon) != sizeof daemon) return 1;
  std::printf("%d\n", daemon);
}
