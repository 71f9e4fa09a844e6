// SPDX-License-Identifier: Apache-2.0
// For benchmarks of process tables: many processes to look at, some of which do something when they are
// poked, and a clock whose ticks follow each other at once.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/clock.h"
#include "base/text.h"

namespace ullage::bench {

// Stands at simulated moments, and goes on by real time within a tick, which is what the budget is charged
// with.
class TickClock final : public Clock {
 public:
  void begin_tick(std::chrono::nanoseconds at) {
    at_ = at;
    began_ = real_.monotonic();
  }
  std::int64_t wall_ms() const override { return 0; }
  std::chrono::nanoseconds own_cpu() const override { return real_.own_cpu(); }
  std::chrono::nanoseconds monotonic() const override { return at_ + (real_.monotonic() - began_); }

 private:
  SystemClock real_;
  std::chrono::nanoseconds at_{0}, began_{0};
};

// Some of them busy: such a child touches a page more each time it is poked, so that its memory and faults
// are new at each tick.
class Swarm {
 public:
  Swarm(std::size_t count, std::size_t busy) {
    for (std::size_t i = 0; i < count; ++i) start(i < busy);
    ::poll(nullptr, 0, 300);  // until all have touched their memory
  }
  ~Swarm() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  void poke() const {
    for (const int poke : pokes_)
      if (::write(poke, "x", 1) != 1) std::abort();
    ::poll(nullptr, 0, 20);  // the poked ones run
  }

 private:
  void start(bool is_busy) {
    std::array<int, 2> pipe{-1, -1};
    if (is_busy && ::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
    const pid_t pid = ::fork();
    if (pid < 0) std::abort();
    if (pid == 0) {
      for (const int other : pokes_) ::close(other);
      if (pipe[1] >= 0) ::close(pipe[1]);
      live(pipe[0]);
    }
    pids_.push_back(pid);
    if (pipe[0] < 0) return;
    ::close(pipe[0]);
    pokes_.push_back(pipe[1]);
  }

  [[noreturn]] static void live(int poke) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    constexpr std::size_t kRoom = 64 << 20;
    char* memory = static_cast<char*>(
        ::mmap(nullptr, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    ::madvise(memory, kRoom, MADV_NOHUGEPAGE);
    std::memset(memory, 1, 1 << 20);
    std::size_t used = 1 << 20;
    char byte;
    while (::read(poke, &byte, 1) == 1)
      if (used + 4096 <= kRoom) memory[used += 4096] = 1;
    while (true) ::pause();
  }

  std::vector<pid_t> pids_;
  std::vector<int> pokes_;
};

inline double argument(int argc, char** argv, int index, double otherwise) {
  return argc > index ? to_double(argv[index]).value_or(otherwise) : otherwise;
}

inline void allow_many_files() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace ullage::bench
