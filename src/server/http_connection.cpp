// SPDX-License-Identifier: Apache-2.0
#include "server/http_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/gzip.h"
#include "server/http_message.h"
#include "server/http_packing.h"
#include "server/http_parser.h"
#include "server/http_responder.h"
#include "server/http_router.h"
#include "server/http_stream.h"

namespace ullage::server {

namespace {

using boost::system::error_code;

constexpr std::size_t kPendingMax = 256u << 10;  // of requests that came while another is answered
constexpr int kRequestsATurn = 16;               // of one connection, before others have theirs
constexpr std::size_t kPackHereMax = 32u << 10;  // 0.3 ms
constexpr std::size_t kDrainMax = 4u << 20;
constexpr std::size_t kKeptBytes = 4096;  // of a buffer, until the next request
constexpr std::chrono::milliseconds kDrainTime{2'000};

bool is_worth_packing(const Response& response) {
  const std::string_view type = response.content_type;
  const bool is_text =
      type.starts_with("text/") || type.starts_with("application/") || type.starts_with("image/svg");
  return is_text && response.body.size() >= kPackBytesMin &&
         std::ranges::none_of(response.headers,
                              [](const auto& header) { return header.first == "Content-Encoding"; });
}

void pack(Response& response) {
  response.body = gzip(response.body);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

// The handler's end of an exchange: it may outlive the connection.
class ConnectionExchange final : public Exchange {
 public:
  ConnectionExchange(std::weak_ptr<Connection> connection, std::uint64_t number)
      : connection_(std::move(connection)), number_(number) {}
  ~ConnectionExchange() override {
    if (const auto connection = connection_.lock()) {
      connection->end_events(number_);
      connection->answer(number_, error_response(500, "this request was given up without an answer"));
    }
  }
  ConnectionExchange(const ConnectionExchange&) = delete;
  ConnectionExchange& operator=(const ConnectionExchange&) = delete;

  void answer(Response response) override {
    if (const auto connection = connection_.lock()) connection->answer(number_, std::move(response));
  }
  void begin_events() override {
    if (const auto connection = connection_.lock()) connection->begin_events(number_);
  }
  bool send_event(std::string_view text) override {
    const auto connection = connection_.lock();
    return connection && connection->send_event(number_, text);
  }
  void end_events() override {
    if (const auto connection = connection_.lock()) connection->end_events(number_);
  }
  bool is_gone() const override {
    const auto connection = connection_.lock();
    return !connection || !connection->is_open(number_);
  }
  void on_gone(std::function<void()> call) override {
    if (const auto connection = connection_.lock()) connection->on_gone(number_, std::move(call));
  }

 private:
  std::weak_ptr<Connection> connection_;
  std::uint64_t number_;
};

// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::time_t seconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm at{};
  ::gmtime_r(&seconds, &at);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(at.tm_wday)],
                     at.tm_mday, kMonths[static_cast<std::size_t>(at.tm_mon)], at.tm_year + 1900, at.tm_hour,
                     at.tm_min, at.tm_sec);
}

void let_go(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptBytes) buffer.shrink_to_fit();
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, Stream stream, Peer peer)
    : core_(std::move(core)), stream_(std::move(stream)), peer_(peer) {}

void Connection::start() {
  if (!stream_.is_greeted()) {
    state_ = State::greeting;
    set_deadline(core_->limits.head_timeout);
    return greet();
  }
  set_deadline(core_->limits.idle_timeout);
  wait_to_read();
}

void Connection::greet() {
  switch (stream_.greet()) {
    case Stream::State::moved:
      state_ = State::idle;
      set_deadline(core_->limits.idle_timeout);
      return wait_to_read();
    case Stream::State::needs_read:
      return wait_to_read();
    case Stream::State::needs_write:
      return wait_to_write();
    case Stream::State::spoke_plainly:
      ++core_->counts.failed_greetings;
      return refuse(error_response(400, "this address speaks HTTPS: ask https://…"));
    case Stream::State::ended:
    case Stream::State::failed:
      ++core_->counts.failed_greetings;
      return close();
  }
}

void Connection::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = core_->clock.monotonic() + from_now;
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  const auto self = shared_from_this();
  stream_.close();
  parser_.reset();
  pending_ = out_ = body_ = std::string();
  core_->connections.erase(this);
  if (const auto gone = std::exchange(on_gone_, nullptr)) gone();
}

void Connection::look_at_time(std::chrono::nanoseconds now) {
  if (deadline_.count() == 0 || now < deadline_) return;
  switch (state_) {
    case State::idle:
      return close();
    case State::greeting:
      ++core_->counts.timed_out;
      return close();
    case State::receiving:
      ++core_->counts.timed_out;
      return refuse(error_response(408, "the request took too long to arrive"));
    case State::sending:
      ++core_->counts.timed_out;
      return close();
    case State::streaming:
      if (!out_.empty()) {
        ++core_->counts.timed_out;
        return close();
      }
      set_deadline(core_->limits.heartbeat);
      send_event(exchange_, ":\n\n");  // so that a client that vanished is found out
      return;
    case State::draining:
      return close();
    case State::answering:
    case State::closed:
      return;
  }
}

void Connection::wait_to_read() {
  if (state_ == State::closed || is_waiting_to_read_ || is_at_end_ || pending_.size() >= kPendingMax) return;
  is_waiting_to_read_ = true;
  stream_.when_readable([self = shared_from_this()](const error_code& error) {
    self->is_waiting_to_read_ = false;
    if (error || self->state_ == State::closed) return;
    if (self->state_ == State::greeting) return self->greet();
    self->read_some();
  });
}

void Connection::wait_to_write() {
  if (is_waiting_to_write_) return;
  is_waiting_to_write_ = true;
  stream_.when_writable([self = shared_from_this()](const error_code& error) {
    self->is_waiting_to_write_ = false;
    if (error || self->state_ == State::closed) return;
    if (self->state_ == State::greeting) return self->greet();
    if (std::exchange(self->reads_when_writable_, false)) self->read_some();
    if (self->state_ != State::closed) self->write_some();
  });
}

void Connection::read_some() {
  const auto self = shared_from_this();
  const Stream::Outcome got = stream_.read(core_->scratch);
  switch (got.state) {
    case Stream::State::moved:
      take(got.bytes);
      break;
    case Stream::State::ended:
      is_at_end_ = true;
      // Who is gone wants no answer any more; what is on its way, or asked already, may still be read.
      if (state_ != State::sending && (state_ != State::idle || pending_.empty())) return close();
      break;
    case Stream::State::needs_read:
      break;
    case Stream::State::needs_write:
      reads_when_writable_ = true;
      return wait_to_write();
    case Stream::State::failed:
    case Stream::State::spoke_plainly:
      return close();
  }
  wait_to_read();
}

void Connection::take(std::size_t bytes) {
  if (state_ == State::draining) {
    drained_bytes_ += bytes;
    if (drained_bytes_ > kDrainMax) close();
  } else if (state_ != State::streaming) {
    pending_.append(core_->scratch.data(), bytes);
    advance();
  }
}

// Requests that came together are answered one after another, in this loop and not by recursion.
void Connection::advance() {
  if (is_advancing_) return;
  is_advancing_ = true;
  for (int i = 0; (state_ == State::idle || state_ == State::receiving) && !pending_.empty(); ++i) {
    if (i == kRequestsATurn) {
      core_->loop.post([self = weak_from_this()] {
        if (const auto connection = self.lock()) connection->advance();
      });
      break;
    }
    if (!step()) break;
  }
  is_advancing_ = false;
  if (pending_.empty()) let_go(pending_);
  if (is_at_end_ && (state_ == State::receiving || (state_ == State::idle && pending_.empty())))
    return close();
  wait_to_read();
}

bool Connection::step() {
  if (state_ == State::idle) {
    parser_.emplace(core_->limits.request);
    state_ = State::receiving;
    set_deadline(core_->limits.head_timeout);
  }
  std::string_view bytes = pending_;
  auto state = parser_->feed(bytes);
  if (state == RequestParser::State::has_head) {
    if (!take_head()) return false;
    state = parser_->feed(bytes);
  }
  pending_.erase(0, pending_.size() - bytes.size());
  switch (state) {
    case RequestParser::State::is_done:
      dispatch();
      return true;
    case RequestParser::State::is_refused:
      refuse(parser_->refusal());
      return false;
    case RequestParser::State::needs_more:
    case RequestParser::State::has_head:
      return false;
  }
  return false;
}

// Before its body is read: who may not ask shall not be listened to. False when it was refused.
bool Connection::take_head() {
  Request& request = parser_->request();
  request.peer = peer_;
  is_head_ = request.method == "HEAD";
  auto found = core_->router.find(request.method, request.path);
  request.path_parameters = std::move(found.path_parameters);
  Access access = found.route != nullptr ? found.route->access : Access::with_token;
  if (found.route != nullptr && found.route->admits && found.route->admits(request)) access = Access::open;
  if (auto refused = core_->gate.refusal(request, access)) return refuse(std::move(*refused)), false;
  if (found.route == nullptr && !found.allowed.empty()) {
    Response response = error_response(405, "this is not asked with " + request.method);
    response.headers.emplace_back("Allow", found.allowed);
    return refuse(std::move(response)), false;
  }
  if (found.route == nullptr) return refuse(error_response(404, "there is no such page")), false;
  route_ = found.route;
  set_deadline(core_->limits.body_timeout);
  if (parser_->expects_continue()) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    write_some();
  }
  return state_ != State::closed;
}

void Connection::dispatch() {
  const Request request = std::move(parser_->request());
  keeps_alive_ = parser_->keeps_alive();
  takes_gzip_ = accepts_gzip(request.headers.value("accept-encoding"));
  parser_.reset();
  state_ = State::answering;
  deadline_ = {};
  ++core_->counts.requests;
  route_->handler(request, Responder(std::make_shared<ConnectionExchange>(weak_from_this(), ++exchange_)));
}

// Of a request that no handler saw. What else the client sends is not understood any more.
void Connection::refuse(Response response) {
  ++core_->counts.refused;
  parser_.reset();
  keeps_alive_ = takes_gzip_ = false;
  ++exchange_;
  send(std::move(response));
}

bool Connection::is_open(std::uint64_t exchange) const {
  return exchange == exchange_ && (state_ == State::answering || state_ == State::streaming);
}

void Connection::on_gone(std::uint64_t exchange, std::function<void()> call) {
  if (is_open(exchange)) on_gone_ = std::move(call);
}

void Connection::answer(std::uint64_t exchange, Response response) {
  if (exchange != exchange_ || state_ != State::answering) return;
  on_gone_ = nullptr;
  ++exchange_;
  if (response.status >= 500) ++core_->counts.failed;
  if (!takes_gzip_ || !is_worth_packing(response)) return send(std::move(response));
  if (response.body.size() > kPackHereMax) return pack_and_send(std::move(response));
  pack(response);
  send(std::move(response));
}

void Connection::pack_and_send(Response response) {
  // Nothing of the loop's goes to the other thread: the connection by a weak pointer, the rest by value.
  const auto shared = std::make_shared<Response>(std::move(response));
  const bool taken =
      core_->packing.submit([shared, self = weak_from_this(), &loop = core_->loop](std::size_t) {
        pack(*shared);
        loop.post([shared, self] {
          const auto connection = self.lock();
          if (connection && connection->state_ == State::answering) connection->send(std::move(*shared));
        });
      });
  if (!taken) send(std::move(*shared));
}

std::string Connection::head_of(const Response& response, std::optional<std::size_t> length) {
  const std::int64_t now_s = core_->clock.wall_ms() / 1000;
  if (now_s != core_->date_s) {
    core_->date = http_date(now_s);
    core_->date_s = now_s;
  }
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\nX-Content-Type-Options: nosniff\r\n"
      "Content-Security-Policy: {}\r\nCross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: "
      "no-referrer\r\n"
      "Vary: Accept, Accept-Encoding\r\n",
      response.status, reason_phrase(response.status), core_->date, response.content_type,
      response.content_security_policy);
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (length) head += fmt::format("Content-Length: {}\r\n", *length);
  head += keeps_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

void Connection::send(Response response) {
  out_ += head_of(response, response.body.size());
  body_ = is_head_ ? std::string() : std::move(response.body);
  state_ = State::sending;
  set_deadline(core_->limits.write_timeout);
  write_some();
}

void Connection::write_some() {
  const auto self = shared_from_this();
  while (out_sent_ < out_.size() || body_sent_ < body_.size()) {
    const Stream::Outcome got =
        stream_.write(std::string_view(out_).substr(out_sent_), std::string_view(body_).substr(body_sent_));
    if (got.state == Stream::State::needs_write) return wait_to_write();
    if (got.state != Stream::State::moved) return close();
    const std::size_t of_head = std::min(got.bytes, out_.size() - out_sent_);
    out_sent_ += of_head;
    body_sent_ += got.bytes - of_head;
    // Not when it was a word in between, while a body is still awaited.
    if (state_ == State::streaming) set_deadline(core_->limits.heartbeat);
    if (state_ == State::sending) set_deadline(core_->limits.write_timeout);
  }
  let_go(out_);
  let_go(body_);
  out_sent_ = body_sent_ = 0;
  if (state_ == State::sending) sent();
}

void Connection::sent() {
  if (!keeps_alive_) return begin_draining();
  state_ = State::idle;
  set_deadline(core_->limits.idle_timeout);
  advance();
}

// A socket that is closed while something is unread sends a reset, which can overtake our last words
// (RFC 9112, 9.6).
void Connection::begin_draining() {
  if (is_at_end_) return close();
  stream_.finish_sending();
  state_ = State::draining;
  let_go(pending_);
  set_deadline(kDrainTime);
  wait_to_read();
}

void Connection::begin_events(std::uint64_t exchange) {
  if (exchange != exchange_ || state_ != State::answering) return;
  keeps_alive_ = false;  // a stream ends with its connection
  out_ += head_of({.content_type = "text/event-stream", .headers = {{"Cache-Control", "no-store"}}},
                  std::nullopt);
  state_ = is_head_ ? State::sending : State::streaming;
  set_deadline(core_->limits.heartbeat);
  write_some();
}

bool Connection::send_event(std::uint64_t exchange, std::string_view text) {
  if (exchange != exchange_ || state_ != State::streaming) return false;
  if (out_.size() - out_sent_ + text.size() > core_->limits.event_bytes_max) {
    ++core_->counts.dropped;
    close();
    return false;
  }
  out_.erase(0, out_sent_);
  out_sent_ = 0;
  out_ += text;
  if (!is_waiting_to_write_) write_some();
  return state_ == State::streaming;
}

void Connection::end_events(std::uint64_t exchange) {
  if (exchange != exchange_ || state_ != State::streaming) return;
  on_gone_ = nullptr;
  state_ = State::sending;
  set_deadline(core_->limits.write_timeout);
  if (!is_waiting_to_write_) write_some();
}

}  // namespace ullage::server
