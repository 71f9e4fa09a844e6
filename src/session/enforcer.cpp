// SPDX-License-Identifier: Apache-2.0
#include "session/enforcer.h"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>

#include <csignal>
#include <cstring>
#include <string>
#include <utility>

#include "act/child.h"
#include "act/guard.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "session/run_options.h"

namespace ullage::session {

void Enforcer::act_on_pressure(const PressureAction& action, const std::string& why) {
  switch (action.kind) {
    case PressureAction::Kind::none:
      return;
    case PressureAction::Kind::signal:
      if (target_.command == 0) return;
      ::kill(target_.command, action.signal);
      return tell_(fmt::format("sent SIG{} to the command: {}", sigabbrev_np(action.signal), why));
    case PressureAction::Kind::stop:
      return stop_with_guard(why);
    case PressureAction::Kind::term:
      return end_politely(why);
    case PressureAction::Kind::kill:
      return kill(why);
    case PressureAction::Kind::exec:
      return run_command(action.command, why);
  }
}

void Enforcer::end_politely(const std::string& why) {
  if (ending_) return;
  ending_ = true;
  tell_(fmt::format("ending the run (SIGTERM, SIGKILL after {}): {}", format_duration(to_seconds(grace_)),
                    why));
  signal_all(SIGTERM);
  signal_all(SIGCONT);  // what is stopped could not die of it
  last_resort_ = loop_.after(grace_, [this] { kill("it did not end within the grace"); });
}

void Enforcer::kill(const std::string& why) {
  ending_ = killing_ = true;
  tell_("killing the run: " + why);
  kill_again();
}

void Enforcer::kill_again() {
  if (!killing_) return;
  if (target_.cage == nullptr || !target_.cage->kill_all()) signal_all(SIGKILL);
}

void Enforcer::signal_all(int signal) {
  for (const pid_t pid : target_.members()) ::kill(pid, signal);
}

void Enforcer::stop_with_guard(const std::string& why) {
  if (guard_.is_open()) return;
  auto guard = act::start_thaw_guard(target_.members());
  if (!guard) return tell_("cannot stop the run: " + guard.error().text());
  target_.leave_out(guard->pid);
  guard_ = std::move(guard->hold);
  signal_all(SIGSTOP);
  tell_(fmt::format("stopped the run (kill -CONT {} lets it go on): {}", target_.command, why));
}

void Enforcer::run_command(const std::string& command, const std::string& why) {
  act::ChildSpec spec{.command = {"/bin/sh", "-c", command}, .environment = target_.environment};
  spec.environment.push_back("ULLAGE_PRESSURE=" + why);
  spec.environment.push_back("ULLAGE_COMMAND_PID=" + std::to_string(target_.command));
  auto child = act::Child::prepare(spec);
  if (child) {
    target_.leave_out(child->pid());
    if (auto released = child->release(); !released) child = fail(released.error());
  }
  // The command itself may hold a secret, and events are kept.
  tell_(child ? "started the command of --on-pressure: " + why
              : "cannot start the command of --on-pressure: " + child.error().text());
}

}  // namespace ullage::session
