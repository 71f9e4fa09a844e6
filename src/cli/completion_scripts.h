// SPDX-License-Identifier: Apache-2.0
// Completion in each shell's own language. Pure: words in, script out.
#pragma once

#include <string>
#include <vector>

#include "cli/completion_words.h"

namespace ullage::cli {

std::string bash_completion(const std::vector<CompletionVerb>& verbs);
std::string zsh_completion(const std::vector<CompletionVerb>& verbs);
std::string fish_completion(const std::vector<CompletionVerb>& verbs);

}  // namespace ullage::cli
