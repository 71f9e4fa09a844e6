// SPDX-License-Identifier: Apache-2.0
// Which file a command names, as a shell finds it: through PATH unless it has a slash. Done before the fork,
// so that a command that cannot be run is known before anything is measured.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ullage::act {

// The path to execute. `environment` is the command's (its PATH is searched); a relative path or PATH entry
// is seen from `working_directory` (empty: ours). system_error of a failure: ENOENT not found, else why it
// cannot be executed.
Result<std::string> find_command(const std::string& name, const std::vector<std::string>& environment,
                                 const std::string& working_directory);

// The error of an exec that failed with error_number on the file that find_command gave.
Error exec_error(const std::string& path, int error_number);

// 127 not found, 126 found and not executable, as the shell's; 125 for anything of our own.
int exit_code_of(const Error& prepare_error);

}  // namespace ullage::act
