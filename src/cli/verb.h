// SPDX-License-Identifier: Apache-2.0
// A verb of the command line: one file pair src/cli/<verb>.{h,cpp}, whose add_<verb>() declares its flags on
// the parser and leaves what to do behind. verbs.cpp is the list. Exit codes: 0 yes, 1 the answer is no, 2 the
// call was wrong; `run` passes the child's on.
#pragma once

#include <CLI/App.hpp>

#include <functional>
#include <iosfwd>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "config/settings.h"

namespace ullage::cli {

// What a verb may touch of the world outside; tests give their own.
struct Console {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool colour = false;                // out is a terminal, and NO_COLOR is not set
  int width = 80;
  std::map<std::string, std::string> environment;
  const Clock& clock;
  OsRoot root;
};

// Flags that every verb has (--config, --profile, --state), and what they load.
struct Common {
  std::string config_file, profile, state_directory;
  std::map<std::string, std::pair<std::string, std::string>> flags;  // settings given as flags of the verb
  Result<config::Settings> settings(const Console& console) const;
  Result<std::string> state(const Console& console) const;           // the state directory
};

struct Verb {
  CLI::App* app = nullptr;
  std::function<int()> act;
};

using AddVerb = Verb (*)(CLI::App& parent, Common& common, Console& console);

// Prints "ullage: <error>" and returns 2.
int refuse(const Console& console, const Error& error);

}  // namespace ullage::cli
