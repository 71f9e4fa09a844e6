// SPDX-License-Identifier: Apache-2.0
// SQLite as results: a database and its statements, closed by themselves, whose errors say what went wrong
// in words and carry an errno (ENOSPC, EROFS, EBUSY …) for who must act on it. Used by the thread that opened
// it. A process must not open() and close() a database's file by itself while it has it open here: POSIX
// drops all of a process's locks on a file when any descriptor of it is closed
// (sqlite.org/howtocorrupt.html 2.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ullage::history {

class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  bool is_prepared() const { return statement_ != nullptr; }
  // Parameters count from 1, columns from 0, as SQLite's do. Bound text and blobs must live until the step.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind_text(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);
  Result<bool> step();  // whether there is a row
  Result<void> run();   // one that gives no rows; ready to be bound again
  void reset();

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // until the next step
  std::string_view blob(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  enum class Access { create, write, read, read_immutable };

  Database() = default;
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  static Result<Database> open(const std::string& path, Access access);
  // A view of a connection that somebody else owns and closes.
  static Database borrow(sqlite3* handle);

  bool is_open() const { return handle_ != nullptr; }
  sqlite3* handle() const { return handle_; }
  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql) const;
  Result<std::int64_t> integer(std::string_view sql) const;  // the first column of the first row
  void close();

 private:
  sqlite3* handle_ = nullptr;
  bool owned_ = true;
};

// The failure of the last call on this connection.
tl::unexpected<Error> fail_sqlite(sqlite3* handle, std::string_view tried);
bool is_damage(const Error& error);  // the file's content is at fault, not its place

}  // namespace ullage::history
