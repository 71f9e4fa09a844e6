// SPDX-License-Identifier: Apache-2.0
// `ullage completion bash|zsh|fish`: prints the shell's completion, written from the parser's own verbs and
// flags and from the schema of settings, so that it cannot lag behind them.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_completion(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
