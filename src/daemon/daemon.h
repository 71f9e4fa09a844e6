// SPDX-License-Identifier: Apache-2.0
// The program that is always on: a tick each interval (watch), a server that answers meanwhile (server), one
// loop for both. Runs in the foreground until SIGTERM or SIGINT; SIGHUP reads the settings anew.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "config/settings.h"
#include "daemon/daemon_state.h"

namespace ullage::daemon {

// What it is given of the world.
struct Surroundings {
  const Clock& clock;
  OsRoot root;
  std::ostream& log;  // a line each for what an operator should know
  std::map<std::string, std::string> environment;
  std::int64_t pid = 0;
  std::string version;
  // The settings as the files and variables say now; all that is wrong with them at once.
  std::function<Result<config::Settings>()> load;
  // What can be seen here, and how this daemon is, as JSON. Called from another thread.
  std::function<std::string(const DaemonState&)> doctor = {};
};

// Returns when it was told to end. Fails when it cannot begin: another daemon has the state directory, a port
// is taken, an address that others can reach has no token.
Result<void> run_daemon(const config::Settings& settings, const Surroundings& surroundings);

}  // namespace ullage::daemon
