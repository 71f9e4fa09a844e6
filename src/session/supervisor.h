// SPDX-License-Identifier: Apache-2.0
// One supervised run, from before the command's first instruction until its end: the loop that looks, stores,
// judges and acts. `ullage run` at a terminal is this; batch, services and the daemon start it as a process
// of its own. Its tick is one function, Supervisor::look.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "run/record.h"
#include "session/run_options.h"

namespace ullage::session {

struct Outcome {
  int exit_code = 0;  // the command's, 128+signal when one ended it, 124 when --timeout did
  run::Record record;
  std::string file_path;  // of the run; empty when it could not be kept
};

using Say = std::function<void(const run::Event&)>;

// `say` gets what a person at the terminal should know, as it happens: an event's kind and sentence. The
// error's exit code is exit_code_of(error): 127 not found, 126 not executable, 125 our own.
Result<Outcome> supervise(const RunOptions& options, const Clock& clock, const OsRoot& root, const Say& say);

}  // namespace ullage::session
