// SPDX-License-Identifier: Apache-2.0
// The signals that are meant for a program itself, through its loop: of the daemon SIGTERM and SIGINT to end,
// SIGHUP to read its settings anew. SIGPIPE and SIGXFSZ become errors of its own writes. One thread.
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>

#include "base/event_loop.h"
#include "base/result.h"

namespace ullage::daemon {

class OwnSignals {
 public:
  // Before any other thread starts, so that none of them is interrupted.
  static Result<OwnSignals> start(EventLoop& loop, std::function<void(int signal)> on_signal,
                                  std::initializer_list<int> signals = {SIGTERM, SIGINT, SIGHUP});
  OwnSignals(OwnSignals&&) noexcept;
  OwnSignals& operator=(OwnSignals&&) noexcept;
  ~OwnSignals();  // as it was before

 private:
  struct Impl;
  explicit OwnSignals(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::daemon
