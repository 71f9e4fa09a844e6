// SPDX-License-Identifier: Apache-2.0
// Writes the file of a long run in seconds: the session's own recorder and pace on a simulated clock, over
// processes whose figures walk at random as busy and idle ones do.
//
//   long_run OUT.ullage [hours=24] [processes=50] [interval_seconds=0: automatic]
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "session/accounts.h"
#include "session/pace.h"
#include "session/recorder.h"

namespace {

using namespace ullage;
using namespace ullage::session;

constexpr std::int64_t kStartMs = 1'790'000'000'000;
constexpr std::uint64_t kMiB = 1 << 20;

class Workload {
 public:
  explicit Workload(int processes) : processes_(static_cast<std::size_t>(processes)) {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      sense::ProcessSample& sample = processes_[i].sample;
      sample.pid = static_cast<std::int64_t>(1000 + i);
      sample.parent_pid = i == 0 ? 1 : 1000;
      sample.start_ticks = static_cast<std::int64_t>(i) + 1;
      sample.name = i == 0 ? "driver" : "worker-" + std::to_string(i % 7);
      sample.state = 'S';
      sample.threads = 1 + i % 4;
      sample.anonymous_bytes = (20 + i * 3) * kMiB;
      sample.file_bytes = 6 * kMiB;
      sample.shared_bytes = sample.swap_bytes = 0;
      sample.open_files = 8 + i;
    }
  }

  // One in five is busy; what a page or a tick of the clock is stays the unit of its figures.
  void advance(double seconds) {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      sense::ProcessSample& sample = processes_[i].sample;
      const bool busy = i % 5 == 0;
      sample.user_seconds += busy ? static_cast<double>(random_() % 90) / 100 * seconds
                                  : static_cast<double>(random_() % 50 == 0) / 100;
      sample.system_seconds += busy ? static_cast<double>(random_() % 10) / 100 * seconds : 0;
      sample.minor_faults += busy ? random_() % 400 : random_() % 3;
      if (busy)
        sample.anonymous_bytes = *sample.anonymous_bytes + (random_() % 64) * 4096 - (random_() % 64) * 4096;
      sample.resident_bytes = *sample.anonymous_bytes + *sample.file_bytes;
      sample.resident_peak_bytes = std::max(sample.resident_peak_bytes, sample.resident_bytes);
      sample.voluntary_switches = sample.voluntary_switches.value_or(0) + random_() % (busy ? 200 : 5);
      sample.involuntary_switches = sample.involuntary_switches.value_or(0) + (busy ? random_() % 20 : 0);
      sample.read_bytes =
          sample.read_bytes.value_or(0) + (busy && random_() % 10 == 0 ? 4096 * (random_() % 100) : 0);
      sample.written_bytes = sample.written_bytes.value_or(0) + (busy ? 4096 * (random_() % 10) : 0);
      sample.run_queue_wait_seconds =
          sample.run_queue_wait_seconds.value_or(0) + static_cast<double>(random_() % 100) / 1e4;
    }
  }
  const std::vector<sense::TreeProcess>& processes() const { return processes_; }
  std::uint64_t used_bytes() const {
    std::uint64_t used = 0;
    for (const sense::TreeProcess& process : processes_) used += *process.sample.anonymous_bytes;
    return used;
  }

 private:
  std::mt19937_64 random_{42};
  std::vector<sense::TreeProcess> processes_;
};

double number(int count, char** arguments, int place, double otherwise) {
  return place < count ? std::strtod(arguments[place], nullptr) : otherwise;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2)
    return std::fprintf(stderr, "usage: long_run OUT.ullage [hours] [processes] [interval_seconds]\n"), 2;
  const double hours = number(count, arguments, 2, 24), interval = number(count, arguments, 4, 0);
  Workload workload(static_cast<int>(number(count, arguments, 3, 50)));
  const auto fixed = std::chrono::nanoseconds(static_cast<std::int64_t>(interval * 1e9));
  Pace pace(interval > 0 ? std::optional(fixed) : std::nullopt);
  run::Record start{
      .id = "long-run", .name = "long run", .command = {"driver", "--all"}, .started_ms = kStartMs};
  start.memory.limit_bytes = 16384 * kMiB;
  start.cpu.cores_available = 16;
  Recorder recorder(arguments[1], start, {.cgroup_id = "/long-run"});
  Accounts accounts(1, 2000);
  Pace::Duration elapsed{0}, last{0}, flushed{0};
  while (to_seconds(elapsed) < hours * 3600) {
    workload.advance(to_seconds(elapsed - last));
    const std::int64_t now_ms = kStartMs + elapsed.count() / 1'000'000;
    accounts.observe(workload.processes(), {}, now_ms);
    const Look look{.time_ms = now_ms, .living = workload.processes(), .used_bytes = workload.used_bytes()};
    recorder.look(look, accounts, pace.take_store(elapsed));
    if (pace.take_doubling(recorder.ticks())) recorder.halve_ticks();
    if (elapsed - flushed >= std::chrono::seconds(1)) {
      flushed = elapsed;
      if (auto written = recorder.flush(accounts); !written)
        return std::fprintf(stderr, "%s\n", written.error().text().c_str()), 1;
    }
    last = elapsed;
    elapsed += pace.until_next_look(elapsed, std::chrono::microseconds(100));
  }
  recorder.record().state = run::State::finished;
  recorder.record().exit_code = 0;
  recorder.record().wall_seconds = hours * 3600;
  if (auto written = recorder.flush(accounts); !written)
    return std::fprintf(stderr, "%s\n", written.error().text().c_str()), 1;
  std::printf("{\"ticks\": %llu, \"own_cpu_seconds\": %.3f}\n",
              static_cast<unsigned long long>(recorder.ticks()), to_seconds(SystemClock().own_cpu()));
}
