// SPDX-License-Identifier: Apache-2.0
// act_driver COMMAND ARGUMENTS…: supervises a command with this layer alone, measures nothing, and ends as it
// ended. For the tests of terminals and signals.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <utility>

#include "act/child.h"
#include "act/command_lookup.h"
#include "act/start_state.h"
#include "act/terminal.h"
#include "base/event_loop.h"
#include "base/result.h"

namespace ullage::act {
namespace {

int report(const Error& error) {
  std::fprintf(stderr, "act_driver: %s\n", error.text().c_str());
  return exit_code_of(error);
}

int supervise(const ChildSpec& spec) {
  EventLoop loop;
  std::optional<Child> child;
  std::optional<ExitStatus> ended;
  auto relay = SignalRelay::start(loop, [&](int signal) {
    if (signal != SIGCHLD || !child) return;
    ended = child->try_wait();
    reap_orphans(child->pid());
    if (ended) loop.stop();
  });
  if (!relay) return report(relay.error());
  auto prepared = Child::prepare(spec);
  if (!prepared) return report(prepared.error());
  child = std::move(*prepared);
  relay->set_child(child->pid());
  if (const auto released = child->release(); !released) return report(released.error());
  loop.run();
  relay->clear_child();
  return ended->code.value_or(128 + ended->signal.value_or(0));
}

}  // namespace
}  // namespace ullage::act

int main(int count, char** arguments) {
  ullage::act::start_state();
  ullage::act::guard_standard_descriptors();
  ullage::act::ChildSpec spec;
  spec.command.assign(arguments + 1, arguments + count);
  for (char** entry = environ; *entry; ++entry) spec.environment.emplace_back(*entry);
  (void)ullage::act::become_subreaper();
  return ullage::act::supervise(spec);
}
