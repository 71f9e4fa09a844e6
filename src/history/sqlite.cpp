// SPDX-License-Identifier: Apache-2.0
#include "history/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace ullage::history {

namespace {

int to_errno(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return ENOSPC;
    case SQLITE_READONLY:
      return EROFS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return EBUSY;
    case SQLITE_NOMEM:
      return ENOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // of fixed statements: a table is not what it should be
    case SQLITE_FORMAT:
      return EBADMSG;
    case SQLITE_CANTOPEN:
      return ENOENT;
    default:
      return EIO;
  }
}

std::string in_words(sqlite3* handle, int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return "no room left on the disk";
    case SQLITE_READONLY:
      return "it is read-only";
    case SQLITE_BUSY:
      return "another process is using it";
    case SQLITE_NOTADB:
      return "it is not a database file";
    case SQLITE_CORRUPT:
      return "it is damaged or cut off";
    default:
      return sqlite3_errmsg(handle);
  }
}

// A path as the URI that SQLite reads: what has a meaning there, escaped.
std::string to_uri(const std::string& path, std::string_view parameters) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : path) {
    if (c != '%' && c != '?' && c != '#') {
      uri += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    uri.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return uri.append(parameters);
}

}  // namespace

tl::unexpected<Error> fail_sqlite(sqlite3* handle, std::string_view tried) {
  const int code = handle == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(handle);
  const char* path = handle == nullptr ? nullptr : sqlite3_db_filename(handle, "main");
  const int system =
      code == SQLITE_IOERR_WRITE || (code & 0xFF) == SQLITE_CANTOPEN ? sqlite3_system_errno(handle) : 0;
  return fail(Error{.what = std::string(tried) + ": " + in_words(handle, code),
                    .where = path == nullptr ? "" : path,
                    .system_error = system != 0 ? system : to_errno(code)});
}

bool is_damage(const Error& error) { return error.system_error == EBADMSG; }

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_, parameter, value);
  return *this;
}
Statement& Statement::bind_text(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, parameter, bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto failed = fail_sqlite(sqlite3_db_handle(statement_), "cannot use the file");
  reset();
  return failed;
}

Result<void> Statement::run() {
  auto stepped = step();
  reset();
  if (!stepped) return pass_on(stepped);
  return {};
}

void Statement::reset() { sqlite3_reset(statement_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string_view Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), owned_(other.owned_) {}
Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(owned_, other.owned_);
  return *this;
}
Database::~Database() { close(); }

void Database::close() {
  if (owned_) sqlite3_close_v2(handle_);
  handle_ = nullptr;
}

Result<Database> Database::open(const std::string& path, Access access) {
  int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  std::string_view parameters;
  switch (access) {
    case Access::create:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
    case Access::write:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Access::read:
      flags |= SQLITE_OPEN_READONLY;
      break;
    case Access::read_immutable:
      flags |= SQLITE_OPEN_READONLY;
      parameters = "?immutable=1";
      break;
  }
  Database database;
  const int code = sqlite3_open_v2(to_uri(path, parameters).c_str(), &database.handle_, flags, nullptr);
  if (code == SQLITE_OK) return database;
  auto failed = fail_sqlite(database.handle_, "cannot open the file");
  failed.value().where = path;
  return failed;
}

Database Database::borrow(sqlite3* handle) {
  Database database;
  database.handle_ = handle;
  database.owned_ = false;
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return fail_sqlite(handle_, "cannot use the file");
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr) == SQLITE_OK)
    return Statement(statement);
  return fail_sqlite(handle_, "cannot use the file");
}

Result<std::int64_t> Database::integer(std::string_view sql) const {
  auto statement = prepare(sql);
  if (!statement) return pass_on(statement);
  auto row = statement->step();
  if (!row) return pass_on(row);
  return *row ? statement->integer(0) : 0;
}

}  // namespace ullage::history
