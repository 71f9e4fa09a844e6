// SPDX-License-Identifier: Apache-2.0
// What a person asked of one run, as values. The command line and the configuration fill it in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "act/cage.h"

namespace ullage::session {

struct PressureAction {
  enum class Kind { none, signal, stop, term, kill, exec };
  Kind kind = Kind::none;
  int signal = 0;            // of Kind::signal
  std::string command = {};  // of Kind::exec, for /bin/sh
};

// A profile of the heap of each of the command's processes.
struct HeapOptions {
  bool is_exact = false;
  std::uint64_t mean_bytes = 512 << 10;     // between two samples
  std::uint64_t samples_per_second = 1000;  // of a thread at most: then the mean becomes coarser; 0: no bound
  std::uint64_t file_bytes_max = 1u << 30;  // of a process
  std::string library;                      // what is preloaded
  std::string scanner;  // looks at each process' end for blocks that nothing points to; empty: nothing does
};

struct RunOptions {
  std::vector<std::string> command;
  std::string name;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> environment;
  std::vector<std::string> recorded_variables;  // beyond the usual ones
  std::string working_directory;
  std::string state_directory;
  std::string profile;
  std::string ullage_version;

  std::optional<std::chrono::nanoseconds> interval;  // absent: automatic
  double costly_share = 0.002;                       // of one processor, for PSS and the like
  std::size_t process_rows = 2000;

  act::LimitRequest limits;
  std::optional<std::chrono::nanoseconds> timeout;
  bool strict = false;                                        // a limit that cannot be held is an error
  std::chrono::nanoseconds grace = std::chrono::seconds(10);  // between a polite signal and SIGKILL

  bool warn = true;
  std::vector<double> warn_at = {0.80, 0.90, 0.95};
  std::chrono::nanoseconds horizon = std::chrono::minutes(2);
  PressureAction on_pressure;

  std::optional<HeapOptions> heap;

  bool wait_for_all = false;  // until the last descendant is gone
  bool kill_with_me = false;
};

}  // namespace ullage::session
