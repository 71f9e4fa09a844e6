// SPDX-License-Identifier: Apache-2.0
// From the effective settings to what a session is asked for.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/verb.h"
#include "config/settings.h"
#include "session/run_options.h"

namespace ullage::cli {

struct RunArguments {
  std::vector<std::string> command;
  std::string name;
  std::vector<std::string> tags;  // "k=v"
};

Result<session::RunOptions> run_options(const config::Settings& settings, const RunArguments& arguments,
                                        const Console& console);
// none, stop, term, kill, signal=USR1, exec='CMD'
Result<session::PressureAction> parse_pressure_action(const std::string& text);

}  // namespace ullage::cli
