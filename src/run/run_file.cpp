// SPDX-License-Identifier: Apache-2.0
#include "run/run_file.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

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

// The events have a table of their own, to which one is added without writing the others again.
std::string document_of(const Record& record) {
  nlohmann::json document = to_json(record);
  document.erase("events");
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

struct RunFile::Impl {
  std::string path;
  RunLock lock;  // let go of after the writer has closed: members go in reverse
  history::SeriesWriter writer;
  Record record;
  bool record_changed = false;
  bool tables_made = false;
  std::size_t events_written = 0;

  Result<void> write_record(sqlite3* handle) {
    auto database = history::Database::borrow(handle);
    if (!tables_made)
      if (auto made = database.execute(kTables); !made) return made;
    if (!record_changed) return {};
    const std::string document = document_of(record);
    auto replace = database.prepare("INSERT OR REPLACE INTO documents VALUES('record', ?)");
    if (!replace) return pass_on(replace);
    if (auto done = replace->bind_text(1, document).run(); !done) return done;
    return write_events(database);
  }

  Result<void> write_events(history::Database& database) {
    if (record.events.size() < events_written)
      if (auto done = database.execute("DELETE FROM events"); !done) return done;
    std::size_t i = record.events.size() < events_written ? 0 : events_written;
    if (i == record.events.size()) return {};
    auto insert = database.prepare("INSERT INTO events VALUES(?,?,?,?,?)");
    if (!insert) return pass_on(insert);
    for (; i < record.events.size(); ++i) {
      const Event& event = record.events[i];
      insert->bind(1, static_cast<std::int64_t>(i) + 1).bind(2, event.time_ms).bind_text(3, event.kind);
      if (auto done = insert->bind_text(4, event.severity).bind_text(5, event.text).run(); !done) return done;
    }
    return {};
  }

  Result<void> noted(Result<void> written) {
    if (!written) return written;
    tables_made = true;
    record_changed = false;
    events_written = record.events.size();
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
