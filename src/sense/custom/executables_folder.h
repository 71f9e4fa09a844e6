// SPDX-License-Identifier: Apache-2.0
// A folder of programs that print metrics: each is run at its interval on a thread of its own, whatever the
// others do; the folder is looked at again every few seconds. A program that others could have changed is
// not run. One thread asks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/custom/custom_reading.h"
#include "sense/custom/periodic_source.h"
#include "sense/custom/program.h"

namespace ullage::sense {

struct ExecutablesOptions {
  std::string folder;
  std::chrono::milliseconds interval{15'000};
  ProgramLimits limits;
  bool operator==(const ExecutablesOptions&) const = default;
};

class ExecutablesFolder {
 public:
  ExecutablesFolder(const OsRoot& root, ExecutablesOptions options, const Clock& clock);
  // Each program as a source "exec:NAME", and the folder itself as "executables".
  void each(const std::function<void(const PeriodicSource&)>& visit) const;
  void request_stop();
  // The same, without ever waiting for what hangs.
  void abandon();

 private:
  struct Programs;
  std::shared_ptr<Programs> programs_;
  PeriodicSource looking_;
};

// Runs it once and reads what it printed.
CustomReading read_program(const OsRoot& root, const std::string& path, const ProgramLimits& limits,
                           const Clock& clock, const std::stop_token& stop);

}  // namespace ullage::sense
