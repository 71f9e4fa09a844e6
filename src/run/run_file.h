// SPDX-License-Identifier: Apache-2.0
// runs/<id>.ullage: one run in one SQLite file: series (history/series_file.h), the Record, and its events
// as they happen. docs/formats/run-file.md. It can be copied and opened on another machine.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/series_file.h"
#include "run/record.h"

namespace ullage::run {

constexpr std::uint32_t kRunFileApplication = 0x554C4C47;  // "ULLG"
constexpr int kRunFileVersion = 1;

class RunFile {
 public:
  static Result<RunFile> create(const std::string& path);
  // Memory only; nothing is written before flush().
  void append(const metric::Tick& tick, const metric::SeriesTable& table);
  // Each two ticks become one; the file follows little by little with the next flushes.
  void halve_ticks();
  void set_record(Record record);  // with all its events so far
  // All so far, of which only the new are copied: what a long run calls each second instead.
  void set_record_without_events(Record record);
  void set_events(std::span<const Event> events);
  // Series, record and events in one transaction. On an error (disk full) keep going and call again.
  Result<void> flush();
  std::uint64_t ticks() const;
  std::uint64_t dropped_ticks() const;
  // The last flush: then one file is left, with nothing beside it. Nothing but remove() works after. The
  // destructor does the same, when nobody wants to hear of errors.
  Result<void> close();
  void remove();  // closes and unlinks: a run that never started

  RunFile(RunFile&&) noexcept;
  RunFile& operator=(RunFile&&) noexcept;
  ~RunFile();

 private:
  struct Impl;
  explicit RunFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct LoadedRun {
  std::string path;
  Record record;  // state is interrupted when its supervisor is gone without an end
  history::SeriesReader series;
  std::vector<std::string> problems;  // what was damaged and left out, for the reader to say
};

Result<LoadedRun> load_run(const std::string& path);
// Only the record, without its events: what `runs list` reads of a thousand files.
Result<Record> load_record(const std::string& path);
// Only the events, those that are for information left out; the last `count_max` of them.
Result<std::vector<Event>> load_warnings(const std::string& path, std::size_t count_max);

}  // namespace ullage::run
