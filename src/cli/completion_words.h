// SPDX-License-Identifier: Apache-2.0
// What may be typed after each verb, as plain values: read off the parser and the schema, written out for a
// shell by completion_scripts.h.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace ullage::cli {

struct CompletionFlag {
  std::string name;  // "--profile"
  std::string help;
  bool takes_value = false;
  std::vector<std::string> values;  // empty: any; files are offered
};

struct CompletionVerb {
  std::string path;  // "ullage config show"
  std::string help;
  std::vector<std::string> verbs;  // one level below
  std::vector<CompletionFlag> flags;
  std::vector<std::string> words;  // what its arguments may be, where that is known
  bool runs_a_command = false;     // after "--" stands somebody else's command line
};

// Each verb before those below it; the first is the program itself.
std::vector<CompletionVerb> completion_words(Command top);

}  // namespace ullage::cli
