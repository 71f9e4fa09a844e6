// SPDX-License-Identifier: Apache-2.0
// What of a command line and an environment may be kept in a file that people attach to bug reports:
// arguments with the values that look like secrets masked, and the few variables that bear on how a program
// runs. It errs towards masking; it cannot know a secret that looks like a word.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace ullage::run {

// Each argument as it was, or with "***" where a secret stood. The program's name is left alone.
std::vector<std::string> mask_arguments(const std::vector<std::string>& arguments);

// The variables on the allow-list, and those named in `more`; their values masked as arguments are. One
// whose name says secret is never among them.
std::map<std::string, std::string> recordable_environment(
    const std::map<std::string, std::string>& environment, const std::vector<std::string>& more = {});

}  // namespace ullage::run
