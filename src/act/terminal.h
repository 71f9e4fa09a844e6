// SPDX-License-Identifier: Apache-2.0
// Signals and job control of a supervised command, so that it behaves as if the shell had started it: what we
// are sent is passed on, Ctrl-C reaches it once, Ctrl-Z stops it and then us, fg continues both. One thread.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "base/result.h"

namespace ullage::act {

// The command stays in our process group, which is the shell's job, also in a pipeline. So the terminal's own
// signals (Ctrl-C, Ctrl-\\, Ctrl-Z, hang-up, a new size) reach it directly and exactly once: those that the
// kernel sent are not passed on. What somebody sends to us with kill(2) is. (kill(2) to the whole group
// reaches it twice, as under sudo: siginfo does not tell one from the other.) What the command's own tree
// sends to its group, as vim does on Ctrl-Z, is not passed on.
//
// When the command has stopped, by whatever signal (it may catch Ctrl-Z), and there is a terminal, we stop
// too, by the same signal, and the shell gets its prompt back. `fg` and `bg` continue the group; a command
// that left the group, or was stopped apart from us, we continue ourselves. While we stand still a small
// guard process wakes us if the command is continued by somebody else, so that `kill -CONT` of it alone does
// not leave it unwatched.
//
// Nothing is done to the terminal itself: no new session, no change of its foreground group.
class SignalRelay {
 public:
  // Before any other thread starts. Blocks the relayed signals (they come through the loop) and ignores
  // SIGPIPE and SIGXFSZ, which are then errors of our own writes; the child gets what we were started with
  // (start_state.h). `on_signal` is told of each signal, after it was passed on; SIGCHLD is told only.
  static Result<SignalRelay> start(EventLoop& loop, std::function<void(int signal)> on_signal);
  // Before the child's gate is opened. What came before is passed on now, the terminal's too. After the
  // command has ended: clear_child(), and signals are told only; but Ctrl-Z then stops us.
  void set_child(pid_t pid);
  void clear_child();
  SignalRelay(SignalRelay&&) noexcept;
  SignalRelay& operator=(SignalRelay&&) noexcept;
  ~SignalRelay();

 private:
  struct Impl;
  explicit SignalRelay(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::act
