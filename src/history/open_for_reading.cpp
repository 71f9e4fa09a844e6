// SPDX-License-Identifier: Apache-2.0
#include "history/open_for_reading.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/result.h"
#include "history/series_file.h"
#include "history/sqlite.h"

namespace ullage::history {

namespace {

// Takes a snapshot, which is when SQLite looks at the file and its log for the first time.
Result<void> begin(Database& database) {
  if (auto begun = database.execute("PRAGMA cache_size=-1024; BEGIN"); !begun) return begun;
  auto tables = database.integer("SELECT count(*) FROM sqlite_master");
  if (!tables) return pass_on(tables);
  return {};
}

Result<Database> open_and_begin(const std::string& path, Database::Access access) {
  auto database = Database::open(path, access);
  if (!database) return database;
  // A writer may be putting its journal away at this moment.
  if (auto set = database->execute("PRAGMA busy_timeout=2000"); !set) return pass_on(set);
  if (auto begun = begin(*database); !begun) return pass_on(begun);
  return database;
}

Result<std::uintmax_t> size_of(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return fail_errno("cannot read", path, errno);
  if (!S_ISREG(info.st_mode)) return fail("not a file", path);
  if (::access(path.c_str(), R_OK) != 0) return fail_errno("cannot read", path, errno);
  return static_cast<std::uintmax_t>(info.st_size);
}

bool has_content(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

// The file and its log, side by side in a folder where SQLite may write.
Result<ReadableDatabase> open_copy(const std::string& path) {
  auto folder = ScratchFolder::make();
  if (!folder) return pass_on(folder);
  const std::string copy = folder->path() + "/run";
  for (const char* ending : {"", "-wal"}) {
    std::error_code error;
    std::filesystem::copy_file(path + ending, copy + ending, error);
    if (error) return fail_errno("cannot copy", path + ending, error.value());
    ::chmod((copy + ending).c_str(), 0600);
  }
  auto database = open_and_begin(copy, Database::Access::write);
  if (!database) return pass_on(database);
  return ReadableDatabase{std::move(*folder), std::move(*database), ""};
}

// Cut off at the end: SQLite refuses a file shorter than its first page says, unless told to look anyway.
Result<ReadableDatabase> open_damaged(const std::string& path) {
  auto database = Database::open(path, Database::Access::read_immutable);
  if (!database) return pass_on(database);
  if (auto set = database->execute("PRAGMA writable_schema=ON"); !set) return pass_on(set);
  if (auto begun = begin(*database); !begun) return pass_on(begun);
  return ReadableDatabase{
      {}, std::move(*database), "the file is damaged or cut off: what could be read is shown"};
}

Result<ReadableDatabase> open_somehow(const std::string& path) {
  auto database = open_and_begin(path, Database::Access::read);
  if (database) return ReadableDatabase{{}, std::move(*database), ""};
  if (is_damage(database.error())) {
    auto damaged = open_damaged(path);
    if (damaged) return damaged;
    return pass_on(database);
  }
  if (database.error().system_error == EBUSY) return pass_on(database);
  if (has_content(path + "-wal")) return open_copy(path);
  auto immutable = open_and_begin(path, Database::Access::read_immutable);
  if (!immutable) return pass_on(database);
  return ReadableDatabase{{}, std::move(*immutable), ""};
}

tl::unexpected<Error> fail_empty(const std::string& path) {
  return fail(Error{.what = "nothing was written to it yet", .where = path, .system_error = ENODATA});
}

}  // namespace

ScratchFolder& ScratchFolder::operator=(ScratchFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<ScratchFolder> ScratchFolder::make() {
  std::error_code error;
  std::string pattern = std::filesystem::temp_directory_path(error).string() + "/ullage-XXXXXX";
  if (error || ::mkdtemp(pattern.data()) == nullptr)
    return fail_errno("cannot make a temporary folder", pattern, errno);
  ScratchFolder folder;
  folder.path_ = std::move(pattern);
  return folder;
}

Result<ReadableDatabase> open_for_reading(const std::string& path, std::uint32_t application,
                                          int newest_version) {
  auto size = size_of(path);
  if (!size) return pass_on(size);
  if (*size == 0 && !has_content(path + "-wal")) return fail_empty(path);

  auto readable = open_somehow(path);
  if (!readable) {
    readable.error().where = path;
    return readable;
  }
  const auto kind = readable->database.integer("PRAGMA application_id");
  const auto version = readable->database.integer("PRAGMA user_version");
  const auto tables = readable->database.integer("SELECT count(*) FROM sqlite_master");
  if (kind && tables && *kind == 0 && *tables == 0) return fail_empty(path);
  if (!kind || static_cast<std::uint32_t>(*kind) != application)
    return fail("not a file of ullage's, or of another kind", path);
  if (!version || *version > newest_version)
    return fail("written by a newer ullage (format " + std::to_string(version.value_or(0)) + ")", path,
                "this one reads up to format " + std::to_string(newest_version) + "; update it");
  return readable;
}

void fold_journal(const std::string& path) {
  if (!has_content(path + "-wal") && !file_exists(path + "-shm")) return;
  auto database = Database::open(path, Database::Access::write);
  if (database) (void)database->execute("PRAGMA synchronous=OFF; PRAGMA journal_mode=DELETE");
}

}  // namespace ullage::history
