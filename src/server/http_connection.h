// SPDX-License-Identifier: Apache-2.0
// One client of the server: bytes in, requests out to handlers, responses back, in order and one at a time
// however many requests came at once. An idle connection holds no buffer. For http_server.cpp only.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/event_loop.h"
#include "server/http_gate.h"
#include "server/http_message.h"
#include "server/http_parser.h"
#include "server/http_router.h"
#include "server/http_server.h"
#include "server/http_stream.h"
#include "server/tls_identity.h"
#include "server/worker_pool.h"

namespace ullage::server {

class Connection;

// What all connections share. They keep it alive; the server closes them before it goes.
struct ServerCore {
  EventLoop& loop;
  const Clock& clock;
  boost::asio::io_context& context;
  ServerLimits limits;
  Router router;
  Gate gate;
  std::optional<TlsIdentity> tls;  // of clients over TCP who come from now on
  WorkerPool packing{1, 64};
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections = {};
  ServerCounts counts = {};
  std::array<char, 65'536> scratch = {};
  std::string date = {};  // as the header has it, of date_s
  std::int64_t date_s = -1;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerCore> core, Stream stream, Peer peer);

  void start();
  void close();
  void look_at_time(std::chrono::nanoseconds now);  // ends what has lasted too long
  bool is_idle() const { return state_ == State::idle; }
  std::chrono::nanoseconds deadline() const { return deadline_; }

  // Of the exchange with this number; of an earlier one they do nothing.
  void answer(std::uint64_t exchange, Response response);
  void begin_events(std::uint64_t exchange);
  bool send_event(std::uint64_t exchange, std::string_view text);
  void end_events(std::uint64_t exchange);
  bool is_open(std::uint64_t exchange) const;
  void on_gone(std::uint64_t exchange, std::function<void()> call);

 private:
  //  greeting ─► idle: only with TLS
  //  idle ─► receiving ─► answering ─► sending ─► idle     (keep-alive)
  //                          └─► streaming ─┘  └─► draining ─► closed
  enum class State { greeting, idle, receiving, answering, sending, streaming, draining, closed };

  void greet();
  void wait_to_read();
  void wait_to_write();
  void read_some();
  void take(std::size_t bytes);  // of the scratch buffer
  void write_some();
  void advance();
  bool step();  // false when there is nothing more to do with what has come
  bool take_head();
  void dispatch();
  void refuse(Response response);
  void pack_and_send(Response response);
  void send(Response response);
  void sent();
  void begin_draining();
  std::string head_of(const Response& response, std::optional<std::size_t> length);
  void set_deadline(std::chrono::milliseconds from_now);

  std::shared_ptr<ServerCore> core_;
  Stream stream_;
  Peer peer_;
  State state_ = State::idle;
  bool is_waiting_to_read_ = false, is_waiting_to_write_ = false;
  bool reads_when_writable_ = false;
  bool is_advancing_ = false;
  bool is_at_end_ = false;  // the client sends no more
  bool keeps_alive_ = true, is_head_ = false, takes_gzip_ = false;
  std::chrono::nanoseconds deadline_{0};  // 0: none
  std::uint64_t exchange_ = 0;
  std::size_t drained_bytes_ = 0;
  std::string pending_;  // came, and is not parsed yet
  std::optional<RequestParser> parser_;
  const Route* route_ = nullptr;
  std::string out_, body_;
  std::size_t out_sent_ = 0, body_sent_ = 0;
  std::function<void()> on_gone_;
};

}  // namespace ullage::server
