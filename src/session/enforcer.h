// SPDX-License-Identifier: Apache-2.0
// Carries out what was decided about a run: ends it with a grace, pauses it, signals it, or runs a command of
// the user's. Each deed is told as a sentence. One thread, the loop's.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "act/cage.h"
#include "base/event_loop.h"
#include "base/file.h"
#include "session/run_options.h"

namespace ullage::session {

class Enforcer {
 public:
  struct Target {
    pid_t command = 0;
    std::function<std::vector<pid_t>()> members;  // the living of the run, the command among them
    act::Cage* cage = nullptr;
    std::function<void(pid_t)> leave_out;  // a child of our own doing is not of the run
    std::vector<std::string> environment;  // for a command of the user's: NAME=value
  };
  using Tell = std::function<void(std::string sentence)>;

  Enforcer(EventLoop& loop, std::chrono::nanoseconds grace, Tell tell)
      : loop_(loop), grace_(grace), tell_(std::move(tell)) {}
  void aim(Target target) { target_ = std::move(target); }

  void act_on_pressure(const PressureAction& action, const std::string& why);
  // SIGTERM to all of the run, SIGKILL to what is left after the grace.
  void end_politely(const std::string& why);
  void kill(const std::string& why);
  // At each look: what was born since the kill is killed too.
  void kill_again();
  bool is_ending() const { return ending_; }
  // Its number may be another's from now on.
  void command_has_ended() { target_.command = 0; }

 private:
  void signal_all(int signal);
  void stop_with_guard(const std::string& why);
  void run_command(const std::string& command, const std::string& why);

  EventLoop& loop_;
  std::chrono::nanoseconds grace_;
  Tell tell_;
  Target target_;
  EventLoop::Handle last_resort_;
  FileDescriptor guard_;  // while it is open, the guard leaves the run stopped
  bool ending_ = false, killing_ = false;
};

}  // namespace ullage::session
