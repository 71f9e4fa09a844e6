// SPDX-License-Identifier: Apache-2.0
// A verb of the command line: one file pair src/cli/<verb>.{h,cpp}, whose add_<verb>() declares its flags
// (command.h) and leaves what to do behind. verbs.cpp is the list. Exit codes: 0 yes, 1 the answer is no, 2
// the call was wrong; `run` passes the child's on.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "cli/command.h"
#include "config/settings.h"

namespace ullage::cli {

// What a verb may touch of the world outside; tests give their own.
struct Console {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool colour = false;      // out is a terminal, and NO_COLOR is not set
  bool err_colour = false;  // the same of err
  int width = 80;
  std::map<std::string, std::string> environment;
  std::string working_directory;
  const Clock& clock;
  OsRoot root;
};

// Flags that every verb has (--config, --profile, --state), what follows a bare "--", and what a verb sets.
struct Common {
  std::string config_file, profile, state_directory;
  std::vector<std::string> after_dashes;  // the command of `run`, the words of `emit`
  std::map<std::string, std::pair<std::string, std::string>>
      flags;  // key of a setting → (value, flag as typed)

  // Declares a flag that sets a key of the configuration, so that both ways mean the same.
  Flag setting(Command verb, const std::string& flag, const std::string& key, const std::string& help);
  // The same for one without a value: giving it sets the key to `value`.
  Flag setting_flag(Command verb, const std::string& flag, const std::string& key, const std::string& value,
                    const std::string& help);
  // One that may be given a value, as --heap=exact; bare it means `bare_value`.
  Flag setting_or_bare(Command verb, const std::string& flag, const std::string& key,
                       const std::string& bare_value, const std::string& help);

  config::Sources sources(const Console& console) const;  // of the settings: files, variables and these flags
  Result<config::Settings> settings(const Console& console) const;
  Result<std::string> state(const Console& console) const;  // the state directory
};

struct Verb {
  Command command;
  std::function<int()> act = {};  // called when this was the verb that was typed
};

// Adds the verb (a verb with verbs of its own returns each of them) and returns what each does.
using AddVerb = std::vector<Verb> (*)(Command parent, Common& common, Console& console);

// What a misspelt flag or verb may have meant: "did you mean '--memory'?", else where the help is.
std::string suggestion(Command verb, const std::string& word);

// Prints "ullage: <error>" and returns 2.
int refuse(const Console& console, const Error& error);

// Parses, acts, and returns the exit code. arguments are without the program's name.
int run_command_line(std::vector<std::string> arguments, Console& console);

}  // namespace ullage::cli
