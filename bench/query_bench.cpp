// SPDX-License-Identifier: Apache-2.0
// Times queries for bench/query.py:  query_bench rates|histograms|many memory|history|opened
//
// It makes the data that tests/differential/timings makes for Prometheus, value for value, says "ready", and
// answers each line of standard input, "START_MS END_MS STEP_MS QUERY" (a step of 0: an instant query), with
// "NANOSECONDS SERIES POINTS SUM-OF-VALUES". The samples lie in memory, in a history's folder whose source is
// opened once, as a daemon has it, or in one that is opened for each question, as the command line has it.
#include <fmt/format.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/text.h"
#include "history/history.h"
#include "history/history_source.h"
#include "history/matching.h"
#include "history/open_for_reading.h"
#include "history/series_source.h"
#include "metric/series.h"
#include "query/engine.h"

namespace {

using namespace ullage;

constexpr std::int64_t kStart = 1'700'006'400'000;  // a midnight
constexpr std::int64_t kStep = 15'000;

struct Column {
  metric::SeriesKey key;
  std::function<double(double, std::uint64_t)> next;
  double value = 0;
};
struct Data {
  std::vector<Column> columns;
  std::size_t ticks = 0;
};

std::uint64_t random_of(std::uint64_t n) {
  n += 0x9E3779B97F4A7C15;
  n = (n ^ n >> 30) * 0xBF58476D1CE4E5B9;
  n = (n ^ n >> 27) * 0x94D049BB133111EB;
  return n ^ n >> 31;
}

std::string named(std::string_view name, std::size_t number) { return fmt::format("{}{}", name, number); }

Data rates() {
  Data data{{}, 24 * 240 + 1};
  const auto counter = [](double value, std::uint64_t random) {
    return (random >> 32) % 3000 == 0 ? 0 : value + static_cast<double>(random % 100);
  };
  for (std::size_t i = 0; i < 1000; ++i)
    data.columns.push_back(
        {{"x_total",
          {{"instance", named("host-", i % 100)}, {"job", named("job-", i % 10)}, {"mode", named("m", i)}}},
         counter});
  return data;
}

Data histograms() {
  Data data{{}, 241};
  for (std::size_t i = 0; i < 1000; ++i)
    for (std::uint64_t b = 1; b <= 20; ++b)
      data.columns.push_back(
          {{"h_bucket", {{"instance", named("host-", i)}, {"le", b == 20 ? "+Inf" : named("", b)}}},
           [b](double value, std::uint64_t random) {
             return value + static_cast<double>(3 * b + random % 3);
           }});
  return data;
}

Data many() {
  Data data{{}, 20};
  for (std::size_t i = 0; i < 100'000; ++i)
    data.columns.push_back(
        {{"up",
          {{"instance", named("host-", i)}, {"job", named("job-", i % 10)}, {"zone", named("zone-", i % 3)}}},
         [i](double, std::uint64_t) { return static_cast<double>(i % 7); }});
  return data;
}

// Calls for each tick, when the columns have its values.
void for_each_tick(Data& data, const std::function<void(std::size_t tick)>& visit) {
  for (std::size_t k = 0; k < data.ticks; ++k) {
    for (std::size_t i = 0; i < data.columns.size(); ++i) {
      Column& column = data.columns[i];
      column.value = column.next(column.value, random_of(i * 1'000'003 + k));
    }
    visit(k);
  }
}

std::int64_t time_of(std::size_t tick) { return kStart + static_cast<std::int64_t>(tick) * kStep; }

// Plain arrays, and no index: each selection looks at every series.
class MemorySource final : public history::SeriesSource {
 public:
  explicit MemorySource(Data& data) {
    for (const Column& column : data.columns) series_.push_back({column.key, {}});
    for_each_tick(data, [&](std::size_t tick) {
      for (std::size_t i = 0; i < series_.size(); ++i)
        series_[i].samples.push_back({time_of(tick), data.columns[i].value});
    });
  }
  Result<void> select(const history::Selection& selection, const VisitSamples& visit) const override {
    auto matching = history::Matching::compile(selection.matchers);
    if (!matching) return pass_on(matching);
    for (const Series& series : series_) {
      if (!matching->holds(series.key)) continue;
      const std::span<const history::Sample> all = series.samples;
      const std::size_t begin = count_until(selection.begin_ms), end = count_until(selection.end_ms);
      if (auto visited = visit(series.key, all.subspan(begin, end - begin)); !visited) return visited;
    }
    return {};
  }

 private:
  struct Series {
    metric::SeriesKey key;
    std::vector<history::Sample> samples;
  };
  // Samples that are not after a moment.
  std::size_t count_until(std::int64_t time_ms) const {
    if (time_ms < kStart) return 0;
    return std::min(series_.front().samples.size(), static_cast<std::size_t>((time_ms - kStart) / kStep) + 1);
  }
  std::vector<Series> series_;
};

void write_history(Data& data, const std::string& folder) {
  history::HistoryOptions options;
  options.series_max = 200'000;
  constexpr std::int64_t kForEver = 400'000LL * 86'400'000;
  options.keep = {.raw_ms = kForEver, .minute_ms = kForEver, .hour_ms = kForEver, .bytes_max = UINT64_MAX};
  auto writer = history::HistoryWriter::open(folder, options);
  check(writer.has_value(), "a history that can be written");
  metric::Tick tick;
  for (const Column& column : data.columns) tick.add(writer->id(column.key).value(), 0);
  for_each_tick(data, [&](std::size_t k) {
    tick.time_ms = time_of(k);
    for (std::size_t i = 0; i < data.columns.size(); ++i) tick.values[i].value = data.columns[i].value;
    writer->append(tick);
    if (k % 40 == 0) check(writer->flush().has_value(), "room on the disk");
  });
  check(writer->close().has_value(), "room on the disk");
  check(writer->counts().sentences().empty(), "every sample is taken");
}

history::HistorySource open_history(const std::string& folder) {
  auto source = history::HistorySource::open(folder);
  check(source.has_value(), "a history that can be read");
  return std::move(*source);
}

struct Question {
  std::int64_t start_ms = 0, end_ms = 0, step_ms = 0;
  std::string text;
};

std::optional<Question> read_question() {
  Question question;
  std::string line;
  int byte = 0;
  while ((byte = std::getchar()) != EOF && byte != '\n') line.push_back(static_cast<char>(byte));
  if (line.empty()) return std::nullopt;
  std::string_view rest = line;
  for (std::int64_t* into : {&question.start_ms, &question.end_ms, &question.step_ms}) {
    const std::size_t blank = rest.find(' ');
    *into = to_signed(rest.substr(0, blank)).value();
    rest.remove_prefix(blank + 1);
  }
  question.text = rest;
  return question;
}

// How a question finds its source.
using WithSource = std::function<void(const std::function<void(const history::SeriesSource&)>&)>;

void answer(const query::Engine& engine, const Question& question, const WithSource& with_source) {
  const SystemClock clock;
  const auto begin = clock.monotonic();
  Result<query::QueryResult> result = fail("not asked");
  with_source([&](const history::SeriesSource& source) {
    result = question.step_ms == 0
                 ? engine.instant(question.text, source, question.start_ms)
                 : engine.range(question.text, source, question.start_ms, question.end_ms, question.step_ms);
  });
  const auto taken = clock.monotonic() - begin;
  if (!result) fmt::print(stderr, "{}\n", result.error().text());
  check(result.has_value(), "a query that can be answered");
  std::size_t points = 0;
  double sum = 0;
  for (const query::ResultSeries& series : result->series)
    for (const query::Point& point : series.points) {
      ++points;
      sum += point.value;
    }
  fmt::print("{} {} {} {}\n", taken.count(), result->series.size(), points, sum);
  std::fflush(stdout);
}

void serve(const WithSource& with_source) {
  const query::Engine engine;
  fmt::print("ready\n");
  std::fflush(stdout);
  while (const auto question = read_question()) answer(engine, *question, with_source);
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments, arguments + count);
  if (words.size() != 3) return 2;
  auto data = std::make_unique<Data>(words[1] == "rates"  ? rates()
                                     : words[1] == "many" ? many()
                                                          : histograms());
  if (words[2] == "memory") {
    const MemorySource source(*data);
    data.reset();
    serve([&](const auto& use) { use(source); });
    return 0;
  }
  const auto scratch = history::ScratchFolder::make();
  check(scratch.has_value(), "a temporary folder");
  write_history(*data, scratch->path());
  data.reset();
  if (words[2] == "opened") {
    serve([&](const auto& use) { use(open_history(scratch->path())); });
  } else {
    const history::HistorySource source = open_history(scratch->path());
    serve([&](const auto& use) { use(source); });
  }
  return 0;
}
