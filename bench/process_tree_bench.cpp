// SPDX-License-Identifier: Apache-2.0
// What one tick over a tree of 1,000 processes costs, in microseconds of processor time a process: sleeping
// ones, and one in ten busy enough that its figures change at each tick. Ticks follow each other at a
// simulated interval, so the costly fields come round as often as they would.
//
//   process_tree_bench [processes=1000] [ticks=50] [interval_ms=1000] [busy_share=0.1] [keep_open=2048]
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/text.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/used_memory.h"

namespace {

using ullage::Clock;
using ullage::OsRoot;
using ullage::SystemClock;
using ullage::sense::ProcessTree;

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

// A busy child touches a page more each time it is poked: its memory and faults are new at each tick.
[[noreturn]] void live(int poke) {
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

struct Swarm {
  std::vector<pid_t> pids;
  std::vector<int> pokes;
};

Swarm start(std::size_t count, std::size_t busy) {
  Swarm swarm;
  for (std::size_t i = 0; i < count; ++i) {
    std::array<int, 2> pipe{-1, -1};
    if (i < busy && ::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
    const pid_t pid = ::fork();
    if (pid < 0) std::abort();
    if (pid == 0) {
      for (const int other : swarm.pokes) ::close(other);
      if (pipe[1] >= 0) ::close(pipe[1]);
      live(pipe[0]);
    }
    swarm.pids.push_back(pid);
    if (pipe[0] < 0) continue;
    ::close(pipe[0]);
    swarm.pokes.push_back(pipe[1]);
  }
  return swarm;
}

void end(const Swarm& swarm) {
  for (const pid_t pid : swarm.pids) ::kill(pid, SIGKILL);
  for (const pid_t pid : swarm.pids) ::waitpid(pid, nullptr, 0);
}

double argument(int argc, char** argv, int index, double otherwise) {
  return argc > index ? ullage::to_double(argv[index]).value_or(otherwise) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = static_cast<std::size_t>(argument(argc, argv, 1, 1000));
  const auto ticks = static_cast<int>(argument(argc, argv, 2, 50));
  const auto interval = std::chrono::milliseconds(static_cast<long>(argument(argc, argv, 3, 1000)));
  const double busy_share = argument(argc, argv, 4, 0.1);
  const auto keep_open = static_cast<std::size_t>(argument(argc, argv, 5, 2048));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
  ::setrlimit(RLIMIT_NOFILE, &files);

  const Swarm swarm = start(count, static_cast<std::size_t>(static_cast<double>(count) * busy_share));
  ::poll(nullptr, 0, 300);  // until all have touched their memory
  TickClock clock;
  clock.begin_tick({});
  ProcessTree tree(OsRoot::live(),
                   {.root_pid = ::getpid(), .include_root = false, .open_file_limit = keep_open}, clock);
  std::vector<double> costs;
  double first = 0;
  std::size_t found = 0;
  std::uint64_t used = 0;
  for (int tick = 0; tick < ticks; ++tick) {
    for (const int poke : swarm.pokes)
      if (::write(poke, "x", 1) != 1) std::abort();
    ::poll(nullptr, 0, 20);  // the poked ones run
    clock.begin_tick(interval * tick);
    const auto begin = clock.own_cpu();
    const auto processes = tree.read();
    used += ullage::sense::used_memory(processes, tree.departed_bytes()).best_bytes;
    const double cost = ullage::to_seconds(clock.own_cpu() - begin) * 1e6 / static_cast<double>(count);
    found = processes.size();
    if (tick == 0)
      first = cost;
    else
      costs.push_back(cost);
  }
  end(swarm);
  std::ranges::sort(costs);
  double sum = 0;
  for (const double cost : costs) sum += cost;
  std::printf(
      "{\"processes\": %zu, \"interval_ms\": %ld, \"busy_share\": %g, \"keep_open\": %zu, "
      "\"first_tick_us\": %.2f, \"mean_us\": %.2f, \"median_us\": %.2f, \"worst_us\": %.2f}\n",
      found, static_cast<long>(interval.count()), busy_share, keep_open, first,
      sum / static_cast<double>(costs.size()), costs[costs.size() / 2], costs.back());
  return used > 0 && found == count ? 0 : 1;
}
