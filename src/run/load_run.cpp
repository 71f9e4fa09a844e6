// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/open_for_reading.h"
#include "history/series_file.h"
#include "history/sqlite.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/run_lock.h"

namespace ullage::run {

namespace {

std::string id_of(const std::string& path) { return std::filesystem::path(path).stem().string(); }

Result<Record> read_record(const history::Database& database, const std::string& path) {
  auto select = database.prepare("SELECT body FROM documents WHERE name = 'record'");
  if (!select) return pass_on(select);
  auto row = select->step();
  if (!row) return pass_on(row);
  if (!*row) return fail("its record was not written yet", path);
  const auto document = nlohmann::json::parse(select->text(0), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return fail("its record is damaged", path);
  auto record = from_json(document);
  if (!record) record.error().where = path + ": record: " + record.error().where;
  return record;
}

Result<std::vector<Event>> read_events(const history::Database& database) {
  auto select = database.prepare("SELECT time_ms, kind, severity, text FROM events ORDER BY id");
  if (!select) return pass_on(select);
  std::vector<Event> events;
  while (true) {
    auto row = select->step();
    if (!row) return pass_on(row);
    if (!*row) return events;
    events.push_back({select->integer(0), std::string(select->text(1)), std::string(select->text(2)),
                      std::string(select->text(3))});
  }
}

// A record that says "running" of a run whose supervisor is gone: it went on until its last sample.
Result<void> settle_state(Record& record, const history::Database& database, bool alive) {
  if (record.state != State::running || alive) return {};
  record.state = State::interrupted;
  auto last_ms = database.integer("SELECT max(end_ms) FROM chunks");
  if (!last_ms) return pass_on(last_ms);
  if (*last_ms > record.started_ms)
    record.wall_seconds = static_cast<double>(*last_ms - record.started_ms) / 1000;
  return {};
}

}  // namespace

Result<LoadedRun> load_run(const std::string& path) {
  const bool alive = is_alive(path);
  if (!alive) history::fold_journal(path);
  auto series = history::SeriesReader::open(path, kRunFileApplication, kRunFileVersion);
  if (!series) return pass_on(series);
  const auto database = history::Database::borrow(series->database());

  std::vector<std::string> problems = series->problems();
  auto record = read_record(database, path);
  if (!record) {
    problems.push_back(record.error().text());
    record = Record{};
    record->id = id_of(path);
    record->started_ms = database.integer("SELECT min(begin_ms) FROM chunks").value_or(0);
  }
  if (auto events = read_events(database))
    record->events = std::move(*events);
  else
    problems.push_back("its events are damaged: " + events.error().text());
  if (auto settled = settle_state(*record, database, alive); !settled)
    problems.push_back(settled.error().text());
  return LoadedRun{path, std::move(*record), std::move(*series), std::move(problems)};
}

Result<Record> load_record(const std::string& path) {
  const bool alive = is_alive(path);
  auto file = history::open_for_reading(path, kRunFileApplication, kRunFileVersion);
  if (!file) return pass_on(file);
  auto record = read_record(file->database, path);
  if (!record) return record;
  if (auto settled = settle_state(*record, file->database, alive); !settled) return pass_on(settled);
  return record;
}

Result<std::vector<Event>> load_warnings(const std::string& path, std::size_t count_max) {
  auto file = history::open_for_reading(path, kRunFileApplication, kRunFileVersion);
  if (!file) return pass_on(file);
  auto events = read_events(file->database);
  if (!events) return events;
  std::erase_if(*events, [](const Event& event) { return event.severity == "info"; });
  const std::size_t too_many = events->size() - std::min(events->size(), count_max);
  events->erase(events->begin(), events->begin() + static_cast<std::ptrdiff_t>(too_many));
  return events;
}

}  // namespace ullage::run
