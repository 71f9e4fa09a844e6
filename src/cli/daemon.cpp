// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/daemon_history.h"
#include "cli/doctor.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "config/settings.h"
#include "daemon/daemon.h"
#include "daemon/daemon_state.h"

namespace ullage::cli {

namespace {

int watch(const Common& common, const Console& console) {
  const auto load = [&] { return common.settings(console); };
  const auto settings = load();
  if (!settings) return refuse(console, settings.error());
  const auto ended = daemon::run_daemon(
      *settings, {.clock = console.clock,
                  .root = console.root,
                  .log = console.err,
                  .environment = console.environment,
                  .pid = ::getpid(),
                  .version = kVersion,
                  .load = load,
                  .doctor = [&](const daemon::DaemonState& state) {
                    return doctor_json(console.root, load(), config::unknown_variables(console.environment),
                                       state);
                  }});
  return ended ? 0 : refuse(console, ended.error());
}

}  // namespace

std::vector<Verb> add_daemon(Command parent, Common& common, Console& console) {
  const Command daemon = parent.verb("daemon", "watches this machine and serves what it sees");
  common.setting(daemon, "--listen", "server.listen",
                 "addresses and ports to serve HTTP on (127.0.0.1:9850)");
  common.setting(daemon, "--interval", "daemon.interval", "time between readings (1s)");
  std::vector<Verb> verbs = {{daemon, [&common, &console] { return watch(common, console); }}};
  for (Verb& verb : add_daemon_history(daemon, common, console)) verbs.push_back(std::move(verb));
  // Last: a footer is inherited by what is added after it.
  daemon.footer(
      "Runs until Ctrl-C or SIGTERM; SIGHUP reads the settings anew. Meanwhile look at "
      "http://127.0.0.1:9850,\n"
      "or ask: ullage query 'topk(5, ullage_process_growth_bytes_per_minute)'.");
  return verbs;
}

}  // namespace ullage::cli
