// SPDX-License-Identifier: Apache-2.0
// The live view at a terminal: reads the machine each interval, asks a daemon now and then, draws, takes
// keys, until one quits. One thread.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "top/view_state.h"

namespace ullage::top {

struct LiveOptions {
  std::string daemon_socket;  // of one that may know more; empty: none is asked
  std::chrono::nanoseconds interval = std::chrono::seconds(2);
  ViewState state;
  bool colour = false;
};

// Returns when q is typed, or when it is told to end by a signal. The terminal is as it was by then.
Result<void> show_live(const OsRoot& root, const Clock& clock, const LiveOptions& options);

}  // namespace ullage::top
