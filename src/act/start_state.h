// SPDX-License-Identifier: Apache-2.0
// What we were started with and the command must find unchanged, whatever we do to ourselves: the signal
// mask, the ignored signals (nohup's SIGHUP, a shell's `trap '' INT`), closed standard descriptors, and how
// many files it may open. Taken once, on the first call; main calls it before anything else and before any
// thread.
#pragma once

#include <sys/resource.h>

#include <csignal>

namespace ullage::act {

struct StartState {
  sigset_t blocked;
  sigset_t ignored;
  rlimit open_files;
};
const StartState& start_state();

// Puts /dev/null (close-on-exec) where descriptor 0, 1 or 2 is closed, so that no file of ours gets that
// number and our messages do not land in it. The command finds them closed, as it would have.
void guard_standard_descriptors();

// Lets us open more files than programs are let by default (1,024, for the sake of those that use select()):
// two for each of a thousand processes, fifteen for each of some hundred cgroups, one for each of a daemon's
// clients. The command has the limit that it would have had.
void raise_open_files();

}  // namespace ullage::act
