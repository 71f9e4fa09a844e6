// SPDX-License-Identifier: Apache-2.0
#include "act/command_lookup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::act {
namespace {

// What execvp searches where there is no PATH (glibc's confstr(_CS_PATH)).
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

std::string_view search_path(const std::vector<std::string>& environment) {
  for (const std::string& entry : environment)
    if (entry.starts_with("PATH=")) return std::string_view(entry).substr(5);
  return kDefaultPath;
}

// 0 when it can be executed, else errno.
int why_not_executable(const std::string& path, const std::string& working_directory) {
  const std::string seen =
      path.starts_with('/') || working_directory.empty() ? path : working_directory + "/" + path;
  struct stat info = {};
  if (::stat(seen.c_str(), &info) != 0) return errno;
  if (S_ISDIR(info.st_mode)) return EISDIR;
  if (!S_ISREG(info.st_mode)) return EACCES;
  return ::faccessat(AT_FDCWD, seen.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

Error not_executable(const std::string& path, int error_number) {
  Error error{.what = std::string("cannot be executed: ") + std::strerror(error_number),
              .where = path,
              .system_error = error_number};
  if (error_number == EACCES) error.hint = "chmod +x it, or name the interpreter that runs it";
  if (error_number == EISDIR) error.hint = "name a program, not a folder";
  return error;
}

Error not_found(const std::string& name, std::string hint) {
  return {.what = "command not found", .where = name, .hint = std::move(hint), .system_error = ENOENT};
}

// "#!/usr/bin/env python3" → "/usr/bin/env"; nothing when the file is no script or cannot be read.
std::optional<std::string> interpreter_of(const std::string& path) {
  const auto fd = open_file(path, O_RDONLY);
  if (!fd) return std::nullopt;
  char start[256];
  const ssize_t got = ::read(fd->get(), start, sizeof start);
  if (got < 3 || start[0] != '#' || start[1] != '!') return std::nullopt;
  std::string_view rest(start + 2, static_cast<std::size_t>(got) - 2);
  std::string_view line = take_until(rest, '\n');
  return std::string(take_word(line));
}

}  // namespace

Result<std::string> find_command(const std::string& name, const std::vector<std::string>& environment,
                                 const std::string& working_directory) {
  if (name.empty()) return fail(not_found("''", "the command is empty"));
  if (name.find('/') != std::string::npos) {
    const int error_number = why_not_executable(name, working_directory);
    if (error_number == 0) return name;
    if (error_number == ENOENT) return fail(not_found(name, ""));
    return fail(not_executable(name, error_number));
  }
  // As shells do: a file that cannot be executed is passed over, and named only when nothing better follows.
  std::optional<Error> refused;
  std::string_view rest = search_path(environment);
  for (bool last = false; !last;) {
    last = rest.find(':') == std::string_view::npos;
    const std::string_view folder = take_until(rest, ':');
    const std::string path = (folder.empty() ? std::string(".") : std::string(folder)) + "/" + name;
    const int error_number = why_not_executable(path, working_directory);
    if (error_number == 0) return path;
    if ((error_number == EACCES) && !refused) refused = not_executable(path, error_number);
  }
  if (refused) return fail(*refused);
  const bool is_here = why_not_executable("./" + name, working_directory) == 0;
  return fail(not_found(name, is_here ? "it is in this folder: ./" + name : ""));
}

Error exec_error(const std::string& path, int error_number) {
  if (error_number == ENOENT) {
    const auto interpreter = interpreter_of(path);
    Error error = not_found(path, "the file is there, what it needs to run is not");
    if (interpreter) {
      error.what = "its interpreter was not found: " + *interpreter;
      error.hint = "see the file's first line";
    }
    return error;
  }
  return not_executable(path, error_number);
}

int exit_code_of(const Error& prepare_error) {
  switch (prepare_error.system_error) {
    case 0:
    case EMFILE:  // what we lack ourselves says nothing of the command
    case ENFILE:
    case ENOMEM:
      return 125;
    case ENOENT:
      return 127;
    default:
      return 126;
  }
}

}  // namespace ullage::act
