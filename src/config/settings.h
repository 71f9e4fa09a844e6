// SPDX-License-Identifier: Apache-2.0
// The effective settings: every key of the schema with its value and where that came from. Order, weakest
// first: defaults < profile < /etc < user file < project ullage.yaml < ULLAGE_SECTION_KEY < flags.
// Reads files and the environment it is given; knows nobody who uses a setting.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ullage::config {

struct Origin {
  enum class Source { builtin, profile, system_file, user_file, project_file, file, variable, flag };
  Source source = Source::builtin;
  std::string place =
      {};  // "/etc/ullage/ullage.yaml:3:5", "ULLAGE_RUN_INTERVAL", "--interval", "development"

  std::string text()
      const;  // for a person: "default", "profile development", "/etc/ullage/ullage.yaml:3:5" …
};
std::string_view to_string(Origin::Source source);

struct Setting {
  std::string value;  // as text, checked against the schema's type and range; lists are YAML flow text
  Origin origin;
};

struct Sources {
  std::map<std::string, std::string> environment =
      {};  // all of it; the ULLAGE_* variables, HOME and XDG_* are read
  std::string working_directory =
      {};  // where a project's ullage.yaml is looked for, upwards to the root or .git
  std::optional<std::string> file = {};     // --config: replaces /etc and user files
  std::optional<std::string> profile = {};  // --profile
  std::map<std::string, std::pair<std::string, std::string>> flags = {};  // key → (value, the flag as typed)
  std::string system_file = "/etc/ullage/ullage.yaml";
};

class Settings {
 public:
  // All errors at once (Error::text holds a line each); a refused file changes nothing.
  static Result<Settings> load(const Sources& sources);
  // The same, with the errors one by one.
  static tl::expected<Settings, std::vector<Error>> load_or_errors(const Sources& sources);

  // By key; the type must be the schema's (a mistake of the code ends the program), and the key must be set.
  // text() is for every type: it is how a word like "auto" is told before duration() is asked.
  bool flag(std::string_view key) const;
  std::string text(std::string_view key) const;
  double number(std::string_view key) const;  // a ratio of 80% is 0.8
  std::uint64_t count(std::string_view key) const;
  std::uint64_t bytes(std::string_view key) const;
  std::chrono::nanoseconds duration(std::string_view key) const;
  std::vector<std::string> list(std::string_view key) const;
  std::vector<double> ratios(std::string_view key) const;  // of a list of ratios
  bool is_set(std::string_view key) const;  // has a value that is not empty ("auto" and "none" are values)

  // state.directory is always set: an absolute path, the default one where nobody said another.
  const std::map<std::string, Setting>& all() const { return settings_; }
  std::string profile() const;
  // "ULLAGE_RUN_INTERVALL (did you mean 'ULLAGE_RUN_INTERVAL'?)"; never an error.
  const std::vector<std::string>& unknown_variables() const { return unknown_variables_; }
  // The files that were read, weakest first.
  const std::vector<std::string>& files() const { return files_; }

 private:
  friend class Loader;
  const Setting& at(std::string_view key) const;
  std::map<std::string, Setting> settings_;
  std::vector<std::string> unknown_variables_;
  std::vector<std::string> files_;
};

// All that is wrong in one file, in its order. Whose rules it is read by: a file named ullage.yaml that is
// neither the system's nor the user's is a project's.
enum class FileKind { by_name, owner, project };
std::vector<Error> check_file(const std::string& path, FileKind kind, const Sources& sources);
FileKind kind_by_name(const std::string& path, const Sources& sources);

// $XDG_CONFIG_HOME/ullage/ullage.yaml, else ~/.config/ullage/ullage.yaml; empty without a home.
std::string user_file(const std::map<std::string, std::string>& environment);
// The nearest ullage.yaml from the folder upwards, not above one that holds .git. One that a stranger may
// have laid there (in a folder that all may write to, owned by somebody else) is passed over.
std::optional<std::string> find_project_file(const std::string& working_directory);

// $STATE_DIRECTORY (a system daemon's), else $XDG_STATE_HOME/ullage, else ~/.local/state/ullage; the key
// state.directory and --state override.
std::string default_state_directory(const std::map<std::string, std::string>& environment);
// What `state.directory: temporary` means: $XDG_RUNTIME_DIR/ullage-testing, else one under $TMPDIR or /tmp
// with the user's number in its name.
std::string temporary_state_directory(const std::map<std::string, std::string>& environment);
// The names of the ULLAGE_* variables that set nothing, each with the nearest name that would.
std::vector<std::string> unknown_variables(const std::map<std::string, std::string>& environment);

}  // namespace ullage::config
