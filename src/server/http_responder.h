// SPDX-License-Identifier: Apache-2.0
// How a handler answers: at once or later, once, from the loop's thread; or with a stream of server-sent
// events. A responder that goes away unused answers 500, so that no client waits for ever.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/http_message.h"

namespace ullage::server {

// The side of the connection; a test may stand in for one.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void answer(Response response) = 0;
  virtual void begin_events() = 0;
  virtual bool send_event(std::string_view text) = 0;  // false when the client is gone or too slow
  virtual void end_events() = 0;
  virtual bool is_gone() const = 0;
  virtual void on_gone(std::function<void()> call) = 0;
};

// Ends when the client goes away, when end() is called, or when the last copy of it is destroyed.
class EventStream {
 public:
  explicit EventStream(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  // False when nobody listens any more: the client is gone, or so slow that it was dropped.
  bool send(std::string_view event, std::string_view data) const;
  bool is_open() const { return !exchange_->is_gone(); }
  void end() const { exchange_->end_events(); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

class Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  void operator()(Response response) const { exchange_->answer(std::move(response)); }
  EventStream events() const;
  bool is_gone() const { return exchange_->is_gone(); }
  // Called once if the client goes away before it has its answer, or while it listens to events.
  void on_gone(std::function<void()> call) const { exchange_->on_gone(std::move(call)); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

// "event: name\ndata: …\n\n", a data line for each line.
std::string event_text(std::string_view event, std::string_view data);

}  // namespace ullage::server
