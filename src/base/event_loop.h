// SPDX-License-Identifier: Apache-2.0
// The one loop that owns a program's state: descriptors that become readable, and points in time. Asio
// stands behind it, in one source file. Single-threaded, but for post(), which any thread may call.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/result.h"

namespace ullage {

class EventLoop {
 public:
  // Ends its watch or timer when destroyed; must not outlive the loop.
  class Handle {
   public:
    Handle();
    ~Handle();
    Handle(Handle&&) noexcept;
    Handle& operator=(Handle&&) noexcept;
    struct State;
    explicit Handle(std::shared_ptr<State> state);

   private:
    std::shared_ptr<State> state_;
  };

  // It needs a few descriptors: create() tells when there are none, where the constructor would throw.
  static Result<EventLoop> create();
  EventLoop();
  ~EventLoop();
  EventLoop(EventLoop&&) noexcept;
  EventLoop& operator=(EventLoop&&) = delete;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls back each time fd has something to read (level-triggered). The fd stays the caller's.
  [[nodiscard]] Handle on_readable(int fd, std::function<void()> call);
  // Calls back once, after a delay.
  [[nodiscard]] Handle after(std::chrono::nanoseconds delay, std::function<void()> call);
  void post(std::function<void()> call);

  void run();  // until stop()
  void stop();

 private:
  friend struct EventLoopAsio;  // event_loop_asio.h
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage
