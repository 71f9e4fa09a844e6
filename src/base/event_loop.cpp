// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/event_loop_asio.h"
#include "base/result.h"

namespace asio = boost::asio;

namespace ullage {

struct EventLoop::Handle::State : std::enable_shared_from_this<State> {
  std::function<void()> call;
  std::optional<asio::posix::stream_descriptor> descriptor;
  std::optional<asio::steady_timer> timer;
  bool ended = false;

  void wait_readable() {
    descriptor->async_wait(asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             if (error || self->ended) return;
                             self->call();
                             if (!self->ended) self->wait_readable();
                           });
  }
  void end() {
    ended = true;
    if (timer) timer->cancel();
    if (descriptor && descriptor->is_open()) descriptor->release();  // cancels; the fd stays open
  }
};

EventLoop::Handle::Handle() = default;
EventLoop::Handle::Handle(std::shared_ptr<State> state) : state_(std::move(state)) {}
EventLoop::Handle::Handle(Handle&& other) noexcept = default;
EventLoop::Handle& EventLoop::Handle::operator=(Handle&& other) noexcept {
  if (state_ && state_ != other.state_) state_->end();
  state_ = std::move(other.state_);
  return *this;
}
EventLoop::Handle::~Handle() {
  if (state_) state_->end();
}

struct EventLoop::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  // Asio makes its reactor, which needs descriptors, with the first timer: now, where create() can tell.
  asio::steady_timer first_timer{context};
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::EventLoop(EventLoop&&) noexcept = default;
EventLoop::~EventLoop() = default;

Result<EventLoop> EventLoop::create() {
  try {
    return EventLoop();
  } catch (const boost::system::system_error& error) {
    return fail_errno("cannot make the event loop", {}, error.code().value());
  }
}

boost::asio::io_context& EventLoopAsio::context(EventLoop& loop) { return loop.impl_->context; }

EventLoop::Handle EventLoop::on_readable(int fd, std::function<void()> call) {
  auto state = std::make_shared<Handle::State>();
  state->call = std::move(call);
  state->descriptor.emplace(impl_->context, fd);
  state->wait_readable();
  return Handle(std::move(state));
}

EventLoop::Handle EventLoop::after(std::chrono::nanoseconds delay, std::function<void()> call) {
  auto state = std::make_shared<Handle::State>();
  state->call = std::move(call);
  state->timer.emplace(impl_->context, delay);
  state->timer->async_wait([state](const boost::system::error_code& error) {
    if (!error && !state->ended) state->call();
  });
  return Handle(std::move(state));
}

void EventLoop::post(std::function<void()> call) { asio::post(impl_->context, std::move(call)); }
void EventLoop::run() {
  impl_->context.restart();
  impl_->context.run();
}
void EventLoop::stop() { impl_->context.stop(); }

}  // namespace ullage
