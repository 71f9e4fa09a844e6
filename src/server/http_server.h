// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 over the one event loop: listens on TCP addresses and a unix socket, reads requests, asks the
// gate, calls the handler of the route, and sends what it answers, compressed where the client takes it.
// Clients that are slow, silent or too many are bounded here. What is served is the router's business. Over
// TCP it speaks TLS where it has a certificate; then the process must ignore SIGPIPE (http_stream.h). One
// thread, that of the loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "server/http_parser.h"
#include "server/http_router.h"
#include "server/tls_identity.h"

namespace ullage::server {

struct ServerLimits {
  ParserLimits request = {};
  std::size_t connections_max = 10'000;             // fewer where the process may open few files
  std::size_t event_bytes_max = 1u << 20;           // that wait for a client who reads slowly
  std::chrono::milliseconds head_timeout{10'000};   // of a request's head, from its first byte
  std::chrono::milliseconds body_timeout{30'000};   // of its body
  std::chrono::milliseconds idle_timeout{120'000};  // between requests
  std::chrono::milliseconds write_timeout{30'000};  // without any byte taken
  std::chrono::milliseconds heartbeat{15'000};      // of streams of events
};

struct ServerOptions {
  // Addresses; those that others can reach need a token, or certificates of clients.
  std::vector<std::string> listen = {};
  std::string socket = {};  // path of a unix socket, or empty
  unsigned socket_mode = 0600;
  std::vector<std::string> names = {};  // that the server is called by, besides its addresses and localhost
  std::string token = {};               // asked on every TCP address when there is one
  TlsOptions tls = {};                  // of every TCP address
  ServerLimits limits = {};
};

struct ServerCounts {
  std::uint64_t requests = 0;          // that were understood
  std::uint64_t refused = 0;           // answered 4xx before a handler saw them
  std::uint64_t failed = 0;            // answered 5xx
  std::uint64_t failed_greetings = 0;  // clients with whom TLS came to nothing
  std::uint64_t timed_out = 0;         // connections of slow clients
  std::uint64_t dropped = 0;           // idle or slow connections that were closed to make room
  std::uint64_t unaccepted = 0;        // times that a connection had to wait for room
  std::size_t connections = 0;         // now
};

class HttpServer {
 public:
  // With port 0 the system picks one; addresses() says which.
  static Result<HttpServer> listen(EventLoop& loop, const Clock& clock, ServerOptions options, Router router);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();  // closes all connections, removes the unix socket

  // Names, token and TLS of these options, made ready: called, it takes them on for connections that come
  // from then on (a token: for requests). Until then nothing has changed; an error says what is wrong with
  // them.
  Result<std::function<void()>> renewal(const ServerOptions& options);

  std::vector<std::string> addresses() const;  // "127.0.0.1:9850"
  std::vector<std::string> urls() const;       // "https://127.0.0.1:9850"
  // What somebody should do something about: a token that is sent for all to read, a certificate that
  // expires.
  std::vector<std::string> warnings() const;
  std::optional<std::int64_t> certificate_end_ms() const;
  ServerCounts counts() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::server
