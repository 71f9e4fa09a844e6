// SPDX-License-Identifier: Apache-2.0
// Puts a recorded run into an empty history, a flush a tick as a daemon would, and says what it took:
//
//   history_replay RUN.ullage FOLDER   → {"samples": …, "cpu_seconds": …, "raw_bytes": …, "bytes": …}
//
// raw_bytes are those of the days' samples, bytes those of the minutes and hours too, once all is written.
//
//   history_replay --scrub RUN.ullage COPY.ullage
//
// makes a recording of a run: its samples, without its commands and all else that a run's record tells.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "history/history.h"
#include "history/maintenance.h"
#include "history/series_file.h"
#include "history/store/history_files.h"
#include "metric/series.h"
#include "run/run_file.h"

namespace {

using namespace ullage;

Result<std::string> replay(const std::string& file, const std::string& folder) {
  auto run = run::load_run(file);
  if (!run) return pass_on(run);
  metric::SeriesTable table;
  for (const metric::SeriesKey& key : run->series.series()) table.id(key.name, key.labels);
  auto writer = history::HistoryWriter::open(folder);
  if (!writer) return pass_on(writer);
  const SystemClock clock;
  const auto begin = clock.own_cpu();
  std::uint64_t samples = 0;
  Result<void> flushed;
  const auto told = run->series.each_tick([&](const metric::Tick& tick) {
    samples += tick.values.size();
    writer->append(tick, table);
    if (flushed) flushed = writer->flush();
  });
  if (!told) return fail(told.error());
  if (!flushed) return fail(flushed.error());
  if (const auto closed = writer->close(); !closed) return fail(closed.error());
  const double seconds = to_seconds(clock.own_cpu() - begin);
  const auto report = history::stat_history(folder);
  if (!report) return fail(report.error());
  std::uint64_t raw_bytes = 0;
  for (const history::FileReport& one : report->files)
    if (one.tier == history::Tier::raw) raw_bytes += one.bytes;
  return fmt::format(R"({{"samples": {}, "cpu_seconds": {:.4f}, "raw_bytes": {}, "bytes": {}}})", samples,
                     seconds, raw_bytes, report->bytes());
}

Result<std::string> scrub(const std::string& file, const std::string& copy) {
  auto run = run::load_run(file);
  if (!run) return pass_on(run);
  metric::SeriesTable table;
  for (const metric::SeriesKey& key : run->series.series()) table.id(key.name, key.labels);
  auto to = run::RunFile::create(copy);
  if (!to) return pass_on(to);
  Result<void> flushed;
  std::size_t ticks = 0;
  const auto told = run->series.each_tick([&](const metric::Tick& tick) {
    to->append(tick, table);
    if (flushed && ++ticks % 600 == 0) flushed = to->flush();
  });
  if (!told) return fail(told.error());
  if (!flushed) return fail(flushed.error());
  run::Record record;
  record.id = run->record.id;
  record.name = run->record.name;
  record.state = run::State::finished;
  record.started_ms = run->record.started_ms;
  record.wall_seconds = run->record.wall_seconds;
  record.exit_code = 0;
  to->set_record(record);
  if (const auto closed = to->close(); !closed) return fail(closed.error());
  return copy;
}

}  // namespace

int main(int count, char** arguments) {
  const bool is_scrub = count == 4 && std::string(arguments[1]) == "--scrub";
  if (count != 3 && !is_scrub) {
    std::fputs(
        "usage: history_replay RUN.ullage FOLDER\n       history_replay --scrub RUN.ullage COPY.ullage\n",
        stderr);
    return 2;
  }
  const auto told = is_scrub ? scrub(arguments[2], arguments[3]) : replay(arguments[1], arguments[2]);
  std::fputs(((told ? *told : "history_replay: " + told.error().text()) + "\n").c_str(),
             told ? stdout : stderr);
  return told ? 0 : 1;
}
