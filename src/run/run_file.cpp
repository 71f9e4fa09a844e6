// SPDX-License-Identifier: Apache-2.0
#include "run/run_file.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/series_file.h"
#include "history/sqlite.h"
#include "metric/series.h"
#include "run/record.h"
#include "run/run_lock.h"

namespace ullage::run {

namespace {

constexpr const char* kTables =
    "CREATE TABLE documents(name TEXT PRIMARY KEY, body TEXT NOT NULL);"
    "CREATE TABLE events(id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
    " severity TEXT NOT NULL, text TEXT NOT NULL);";

}  // namespace

struct RunFile::Impl {
  std::string path;
  RunLock lock;  // let go of after the writer has closed: members go in reverse
  history::SeriesWriter writer;
  Record record;  // without its events: they have a table of their own, to which new ones are added
  bool record_changed = false;
  bool tables_made = false;
  std::vector<Event> events_to_write = {};
  std::size_t events_written = 0;
  bool events_begin_anew = false;

  void set_events(std::span<const Event> all) {
    if (all.size() < events_written + events_to_write.size()) {  // they were thinned
      events_begin_anew = true;
      events_written = 0;
      events_to_write.clear();
    }
    const auto fresh = all.subspan(events_written + events_to_write.size());
    events_to_write.insert(events_to_write.end(), fresh.begin(), fresh.end());
  }

  Result<void> write_record(sqlite3* handle) {
    auto database = history::Database::borrow(handle);
    if (!tables_made)
      if (auto made = database.execute(kTables); !made) return made;
    if (auto done = write_events(database); !done) return done;
    if (!record_changed) return {};
    nlohmann::json json = to_json(record);
    json.erase("events");
    const std::string document = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    auto replace = database.prepare("INSERT OR REPLACE INTO documents VALUES('record', ?)");
    if (!replace) return pass_on(replace);
    return replace->bind_text(1, document).run();
  }

  Result<void> write_events(history::Database& database) {
    if (events_begin_anew)
      if (auto done = database.execute("DELETE FROM events"); !done) return done;
    if (events_to_write.empty()) return {};
    auto insert = database.prepare("INSERT INTO events VALUES(?,?,?,?,?)");
    if (!insert) return pass_on(insert);
    auto id = static_cast<std::int64_t>(events_written);
    for (const Event& event : events_to_write) {
      insert->bind(1, ++id).bind(2, event.time_ms).bind_text(3, event.kind);
      if (auto done = insert->bind_text(4, event.severity).bind_text(5, event.text).run(); !done) return done;
    }
    return {};
  }

  Result<void> noted(Result<void> written) {
    if (!written) return written;
    tables_made = true;
    record_changed = false;
    events_begin_anew = false;
    events_written += events_to_write.size();
    events_to_write.clear();
    return written;
  }
};

RunFile::RunFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunFile::RunFile(RunFile&&) noexcept = default;
RunFile& RunFile::operator=(RunFile&&) noexcept = default;
RunFile::~RunFile() {
  if (impl_ != nullptr) (void)close();
}

Result<RunFile> RunFile::create(const std::string& path) {
  auto writer = history::SeriesWriter::create(path, kRunFileApplication, kRunFileVersion);
  if (!writer) return pass_on(writer);
  auto lock = RunLock::take(path);
  if (!lock) return pass_on(lock);
  return RunFile(std::make_unique<Impl>(
      Impl{.path = path, .lock = std::move(*lock), .writer = std::move(*writer), .record = {}}));
}

void RunFile::append(const metric::Tick& tick, const metric::SeriesTable& table) {
  impl_->writer.append(tick, table);
}
void RunFile::halve_ticks() { impl_->writer.halve(); }
void RunFile::set_record(Record record) {
  impl_->set_events(record.events);
  set_record_without_events(std::move(record));
}
void RunFile::set_events(std::span<const Event> events) { impl_->set_events(events); }
void RunFile::set_record_without_events(Record record) {
  record.events.clear();
  impl_->record = std::move(record);
  impl_->record_changed = true;
}
std::uint64_t RunFile::ticks() const { return impl_->writer.ticks(); }
std::uint64_t RunFile::dropped_ticks() const { return impl_->writer.dropped_ticks(); }

Result<void> RunFile::flush() {
  return impl_->noted(
      impl_->writer.flush([this](sqlite3* database) { return impl_->write_record(database); }));
}

Result<void> RunFile::close() {
  return impl_->noted(
      impl_->writer.close([this](sqlite3* database) { return impl_->write_record(database); }));
}

void RunFile::remove() {
  const std::string path = impl_->path;
  impl_->writer.discard();
  for (const char* ending : {"", "-wal", "-shm"}) ::unlink((path + ending).c_str());
  impl_.reset();
}

}  // namespace ullage::run
