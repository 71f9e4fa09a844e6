// SPDX-License-Identifier: Apache-2.0
// The history's figures, one line each: what, value, unit, must, aim. Made-up values like those of processes;
// bytes a sample are measured on recordings elsewhere. history_bench [ROUNDS [FOLDER [PART]]]; each figure is
// the median of its rounds, in CPU time where it says so.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/text.h"
#include "history/history.h"
#include "history/history_source.h"
#include "history/open_for_reading.h"
#include "metric/series.h"

namespace {

using namespace ullage;
using history::HistorySource;
using history::HistoryWriter;

constexpr std::int64_t kStart = 1'700'006'400'000;  // a midnight
constexpr std::int64_t kDay = 86'400'000;
int rounds = 5;

// Columns as processes make them: pages that come and go, counters, clock ticks, and much that stands still.
class Machine {
 public:
  explicit Machine(int series, std::uint32_t seed = 1) : random_(seed) {
    for (int i = 0; i < series; ++i) {
      names_.push_back({fmt::format("ullage_process_metric_{}", i % 20), {{"pid", std::to_string(i / 20)}}});
      integers_.push_back(static_cast<double>(random_() % 100'000));
    }
  }
  void get_ids(HistoryWriter& writer) {
    tick_.clear();
    for (const metric::SeriesKey& key : names_) tick_.add(writer.id(key).value(), 0);
  }
  const metric::Tick& at(std::int64_t time_ms) {
    tick_.time_ms = time_ms;
    // An eighth of the series moves: what costs is the store, not the making up.
    for (std::size_t i = random_() % 4; i < integers_.size(); i += 1 + random_() % 16) {
      integers_[i] += i % 2 == 0 ? static_cast<int>(random_() % 41) - 20 : static_cast<int>(random_() % 30);
      tick_.values[i].value = i % 3 == 0   ? integers_[i] * 4096
                              : i % 3 == 1 ? integers_[i] / 100
                                           : integers_[i];
    }
    return tick_;
  }
  const metric::SeriesKey& name(std::size_t i) const { return names_[i]; }

 private:
  std::mt19937 random_;
  std::vector<metric::SeriesKey> names_;
  std::vector<double> integers_;
  metric::Tick tick_;
};

double seconds_of(const std::function<void()>& work) {
  const SystemClock clock;
  const auto begin = clock.own_cpu();
  work();
  return to_seconds(clock.own_cpu() - begin);
}
// What somebody waits, who has both cores; and what it costs them.
struct Taken {
  double wall_ms, cpu_ms;
};
Taken taken_by(const std::function<void()>& work) {
  const SystemClock clock;
  const auto begin = clock.monotonic();
  const double cpu = seconds_of(work);
  return {1000 * to_seconds(clock.monotonic() - begin), 1000 * cpu};
}
double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}
void row(const std::string& figure, double value, const char* unit, const char* must, const char* aim) {
  fmt::print("{:<72} {:>10.2f} {:<16} {:>8} {:>8}\n", figure, value, unit, must, aim);
  std::fflush(stdout);
}

HistoryWriter open_writer(const std::string& folder) {
  history::HistoryOptions options;
  options.keep = {
      .raw_ms = 4000 * kDay, .minute_ms = 4000 * kDay, .hour_ms = 4000 * kDay, .bytes_max = UINT64_MAX};
  auto writer = HistoryWriter::open(folder, options);
  check(writer.has_value(), "a history that can be written");
  return std::move(*writer);
}

// As many seconds of a machine as a flush a second of real time would take in: flushed every `every` ticks.
std::size_t fill(const std::string& folder, int series, std::int64_t begin, std::int64_t ticks,
                 std::int64_t step, int every) {
  HistoryWriter writer = open_writer(folder);
  Machine machine(series);
  machine.get_ids(writer);
  for (std::int64_t i = 0; i < ticks; ++i) {
    writer.append(machine.at(begin + i * step));
    if (i % every == 0) check(writer.flush().has_value(), "room on the disk");
  }
  check(writer.close().has_value(), "room on the disk");
  return static_cast<std::size_t>(series) * static_cast<std::size_t>(ticks);
}

void ingest(const std::string& scratch) {
  for (const int series : {1000, 6000}) {
    std::vector<double> rates, live_rates;
    for (int round = 0; round < rounds; ++round) {
      const std::string folder = scratch + "/ingest";
      std::size_t samples = 0;
      double taken =
          seconds_of([&] { samples = fill(folder, series, kStart, 12'000'000 / series, 1000, 600); });
      // The making up apart.
      taken -= seconds_of([&] {
        Machine machine(series);
        history::HistoryOptions options;
        auto writer = HistoryWriter::open(scratch + "/ids", options);
        machine.get_ids(*writer);
        for (int i = 0; i < 12'000'000 / series; ++i) machine.at(i);
      });
      rates.push_back(static_cast<double>(samples) / taken / 1e6);
      std::filesystem::remove_all(folder);
      taken = seconds_of([&] { samples = fill(folder, series, kStart, 3'600'000 / series, 1000, 1); });
      live_rates.push_back(static_cast<double>(samples) / taken / 1e6);
      std::filesystem::remove_all(folder);
    }
    row(fmt::format("ingest, {} series, as fast as it goes", series), median(rates), "M samples/s", ">= 3",
        ">= 20");
    row(fmt::format("ingest, {} series, a flush each tick", series), median(live_rates), "M samples/s", "",
        "");
  }
}

std::size_t scan(const HistorySource& source, const std::string& name, const std::string& pid,
                 std::int64_t begin, std::int64_t end) {
  std::size_t count = 0;
  double sum = 0;
  std::vector<history::Matcher> matchers = {{"__name__", history::Matcher::Kind::equal, name}};
  if (!pid.empty()) matchers.push_back({"pid", history::Matcher::Kind::equal, pid});
  auto done =
      source.select({matchers, begin, end},
                    [&](const metric::SeriesKey&, std::span<const history::Sample> samples) -> Result<void> {
                      count += samples.size();
                      for (const history::Sample& sample : samples) sum += sample.value;
                      return {};
                    });
  check(done.has_value() && sum != 1, "samples");
  return count;
}

void month(const std::string& scratch) {
  constexpr std::int64_t kTicks = 30 * 86'400;
  for (const int series : {1, 64}) {
    const std::string folder = scratch + fmt::format("/month{}", series);
    fill(folder, series, kStart, kTicks, 1000, 3600);
    std::vector<double> warm, cold, cpu;
    for (int round = 0; round < rounds; ++round) {
      auto source = HistorySource::open(folder);
      for (std::vector<double>* into : {&cold, &warm}) {
        const Taken taken = taken_by([&] {
          const auto count = scan(*source, "ullage_process_metric_0", "0", 0, kStart * 2);
          check(count == kTicks, "all samples");
        });
        into->push_back(taken.wall_ms);
        cpu.push_back(taken.cpu_ms);
      }
    }
    const char* among = series == 1 ? "alone in its store" : "among 64";
    row(fmt::format("30 days at 1 s of one series, full scan, {}", among), median(cold), "ms", "<= 80",
        "<= 40");
    row("  ... asked again", median(warm), "ms", "", "");
    row("  ... CPU time of one", median(cpu), "ms", "", "");
  }
  const std::string folder = scratch + "/month64";
  for (const std::int64_t tier : {3'600'000, 60'000}) {
    std::vector<double> cold, warm;
    for (int round = 0; round < rounds; ++round) {
      auto source = HistorySource::open(folder);
      for (std::vector<double>* into : {&cold, &warm})
        into->push_back(
            taken_by([&] {
              std::size_t count = 0;
              auto done = source->select_buckets(
                  {{{"__name__", history::Matcher::Kind::regex, "ullage_process_metric_[0-9]"},
                    {"pid", history::Matcher::Kind::equal, "0"}},
                   kStart,
                   kStart + 30 * kDay},
                  tier,
                  [&](const metric::SeriesKey&, std::span<const history::Bucket> buckets) -> Result<void> {
                    count += buckets.size();
                    return {};
                  });
              check(done && count == static_cast<std::size_t>(10 * 30 * kDay / tier), "all buckets");
            }).wall_ms);
    }
    const bool hours = tier > 60'000;
    row(fmt::format("30-day chart of 10 series from {}", hours ? "hours" : "minutes"), median(cold), "ms",
        hours ? "<= 25" : "", hours ? "<= 8" : "");
    row("  ... asked again", median(warm), "ms", "", "");
  }
}

double resident_mib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmRSS:") break;
  double kib = 0;
  status >> kib;
  return kib / 1024;
}

// In a process of its own, whose memory is only that of the writer.
void churn(const std::string& scratch) {
  int ends[2];
  check(::pipe(ends) == 0, "a pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    const double before = resident_mib();
    HistoryWriter writer = open_writer(scratch + "/churn");
    Machine machine(6000);
    machine.get_ids(writer);
    metric::Tick tick;
    double peak = 0;
    std::size_t born = 0;
    std::vector<metric::SeriesId> short_lived;
    constexpr int kStep = 5;  // seconds
    for (int second = 0; second < 86'400; second += kStep) {
      tick = machine.at(kStart + second * 1000ll);
      // 200,000 a day, which live for two ticks.
      if (second % 10 == 0) {
        short_lived.clear();
        for (; born < static_cast<std::size_t>(second + 10) * 200'000 / 86'400; ++born)
          if (const auto id =
                  writer.id({"ullage_process_threads",
                             {{"name", "cc1plus"}, {"pid", std::to_string(born)}, {"cgroup", "/a/b"}}}))
            short_lived.push_back(*id);
      }
      for (const metric::SeriesId id : short_lived) tick.add(id, second);
      writer.append(tick);
      check(writer.flush().has_value(), "room on the disk");
      if (second % 60 == 0) peak = std::max(peak, resident_mib());
    }
    const double figures[] = {
        peak, resident_mib(), before,
        static_cast<double>(writer.counts().refused_samples + writer.counts().forgotten_ids)};
    check(::write(ends[1], figures, sizeof figures) == sizeof figures, "a pipe");
    ::_exit(0);
  }
  ::close(ends[1]);
  double figures[4] = {};
  check(::read(ends[0], figures, sizeof figures) == sizeof figures, "the child's figures");
  ::waitpid(child, nullptr, 0);
  row("resident, 6,000 live series, after a day's churn of 200,000", figures[1], "MiB", "<= 24", "<= 12");
  row("  ... at most", figures[0], "MiB", "", "");
  row("  ... before anything", figures[2], "MiB", "", "");
  row("  ... samples not taken", figures[3], "", "0", "0");
}

// A writer that is killed at a random moment, again and again on the same folder: what it had told to be
// flushed must be there. Ticks are 10 ms apart on its clock and come as fast as it goes.
void kill_often(const std::string& scratch) {
  constexpr int kKills = 100;
  const std::string folder = scratch + "/killed";
  std::mt19937 random(1);
  std::int64_t begin = kStart, lost_most = 0;
  int failures = 0;
  double slowest = 0;
  for (int round = 0; round < kKills; ++round) {
    int ends[2];
    check(::pipe(ends) == 0, "a pipe");
    const pid_t child = ::fork();
    if (child == 0) {
      HistoryWriter writer = open_writer(folder);
      Machine machine(500);
      machine.get_ids(writer);
      for (std::int64_t now = begin;; now += 10) {
        writer.append(machine.at(now));
        // Each hundredth is a second.
        if (now / 10 % 100 == 0 && writer.flush() && ::write(ends[1], &now, sizeof now) != sizeof now)
          ::_exit(1);
      }
    }
    ::close(ends[1]);
    std::int64_t flushed = begin - 10, word = 0;
    check(::read(ends[0], &word, sizeof word) == sizeof word, "the first flush");
    flushed = word;
    ::usleep(static_cast<useconds_t>(random() % 50'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &word, sizeof word) == sizeof word) flushed = word;
    ::close(ends[0]);
    slowest = std::max(slowest, seconds_of([&] { open_writer(folder); }));
    auto source = HistorySource::open(folder);
    std::int64_t last = 0;
    auto read = source->select(
        {{{"__name__", history::Matcher::Kind::equal, "ullage_process_metric_7"}},
         flushed - 60'000,
         kStart * 2},
        [&](const metric::SeriesKey&, std::span<const history::Sample> samples) -> Result<void> {
          last = std::max(last, samples.back().time_ms);
          return {};
        });
    if (!read || !source->problems().empty()) ++failures;
    lost_most = std::max(lost_most, flushed - last);
    begin = std::max(last, flushed) + 10;
  }
  row("kill -9 at 100 random moments: lost of what was flushed, at most", static_cast<double>(lost_most),
      "ms", "<= 0", "");
  row("  ... did not open, or had a problem", failures, "", "0", "");
  row("  ... the slowest start after it", slowest * 1000, "ms", "", "");
}

void open_many(const std::string& scratch) {
  const std::string folder = scratch + "/many";
  fill(folder, 20, kStart, 400 * 24, 3'600'000, 24);
  std::vector<double> writers, sources, everything;
  for (int round = 0; round < rounds; ++round) {
    writers.push_back(1000 * seconds_of([&] { open_writer(folder); }));
    sources.push_back(1000 * seconds_of([&] {
                        auto source = HistorySource::open(folder);
                        scan(*source, "ullage_process_metric_3", "0", kStart + 399 * kDay,
                             kStart + 401 * kDay);
                      }));
    everything.push_back(1000 * seconds_of([&] {
                           auto source = HistorySource::open(folder);
                           check(scan(*source, "ullage_process_metric_3", "0", 0, kStart * 2) > 9000,
                                 "all samples");
                         }));
  }
  row("opening 400 day files: the writer, and its end", median(writers), "ms", "<= 200", "<= 50");
  row("  ... a reader and one question about the last day", median(sources), "ms", "", "");
  row("  ... a question about all of them", median(everything), "ms", "", "");
}

}  // namespace

// In this order: the churn's process begins with the memory of this one.
constexpr struct {
  std::string_view name;
  void (*measure)(const std::string& folder);
} kParts[] = {
    {"churn", churn}, {"ingest", ingest}, {"kill", kill_often}, {"month", month}, {"open", open_many}};

int main(int count, char** arguments) {
  if (count > 1) rounds = static_cast<int>(ullage::to_unsigned(arguments[1]).value_or(5));
  auto scratch = ullage::history::ScratchFolder::make();
  ullage::check(scratch.has_value(), "a temporary folder");
  const std::string folder = count > 2 ? arguments[2] : scratch->path();
  for (const auto& part : kParts)
    if (count <= 3 || part.name == arguments[3]) part.measure(folder);
  return 0;
}
