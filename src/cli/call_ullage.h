// SPDX-License-Identifier: Apache-2.0
// For tests: the command line called as a shell would, an hour after the example runs began, and what it
// said.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "cli/verb.h"
#include "run/example_record.h"

namespace ullage::cli {

struct Said {
  int exit_code;
  std::string out, err;
};

inline Said call_ullage(std::vector<std::string> arguments, const OsRoot& root = {},
                        const std::map<std::string, std::string>& environment = {{"LANG", "C.UTF-8"}}) {
  std::ostringstream out, err;
  const ManualClock clock(run::kExampleStartMs + 3'600'000);
  Console console{.out = out,
                  .err = err,
                  .environment = environment,
                  .working_directory = "/",
                  .clock = clock,
                  .root = root};
  const int exit_code = run_command_line(std::move(arguments), console);
  return {exit_code, out.str(), err.str()};
}

}  // namespace ullage::cli
