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
#include <vector>

#include "base/result.h"

namespace ullage::config {

struct Origin {
  enum class Source { builtin, profile, system_file, user_file, project_file, file, variable, flag };
  Source source = Source::builtin;
  std::string place;        // "/etc/ullage/ullage.yaml:3:5", "ULLAGE_RUN_INTERVAL", "--interval", "development"
};

struct Setting {
  std::string value;        // as text, checked against the schema's type and range; lists are YAML flow text
  Origin origin;
};

struct Sources {
  std::map<std::string, std::string> environment;  // the ULLAGE_* variables and HOME, XDG_*
  std::string working_directory;                   // where a project's ullage.yaml is looked for, upwards to the root or .git
  std::optional<std::string> file;                 // --config: replaces /etc and user files
  std::optional<std::string> profile;              // --profile
  std::map<std::string, std::pair<std::string, std::string>> flags;  // key → (value, the flag as typed)
  std::string system_file = "/etc/ullage/ullage.yaml";
};

class Settings {
 public:
  // All errors at once (Error::text holds a line each); a refused file changes nothing.
  static Result<Settings> load(const Sources& sources);

  // By key; the type must be the schema's (a mistake of the code ends the program).
  bool flag(std::string_view key) const;
  std::string text(std::string_view key) const;
  double number(std::string_view key) const;
  std::uint64_t count(std::string_view key) const;
  std::uint64_t bytes(std::string_view key) const;
  std::chrono::nanoseconds duration(std::string_view key) const;
  std::vector<std::string> list(std::string_view key) const;
  bool is_set(std::string_view key) const;     // has a value that is not empty ("auto" and "none" are values)

  const std::map<std::string, Setting>& all() const { return settings_; }
  std::string profile() const;
  const std::vector<std::string>& unknown_variables() const { return unknown_variables_; }

 private:
  std::map<std::string, Setting> settings_;
  std::vector<std::string> unknown_variables_;
};

// $STATE_DIRECTORY (a system daemon's), else $XDG_STATE_HOME/ullage, else ~/.local/state/ullage; the key
// state.directory and --state override.
std::string default_state_directory(const std::map<std::string, std::string>& environment);

}  // namespace ullage::config
