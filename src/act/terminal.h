// SPDX-License-Identifier: Apache-2.0
// Signals and job control of a supervised command: what we are sent is passed on, Ctrl-Z stops the child
// and then us, fg continues both, and the terminal's foreground is the child's while it runs.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "base/result.h"

namespace ullage::act {

class SignalRelay {
 public:
  // Blocks the relayed signals in this thread (the child gets the mask and dispositions we were started with),
  // and passes each on to the child. `on_signal` is told after; on SIGCHLD it is told and nothing is passed on.
  static Result<SignalRelay> start(EventLoop& loop, std::function<void(int signal)> on_signal);
  void set_child(pid_t pid);
  SignalRelay(SignalRelay&&) noexcept;
  SignalRelay& operator=(SignalRelay&&) noexcept;
  ~SignalRelay();

 private:
  struct Impl;
  explicit SignalRelay(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::act
