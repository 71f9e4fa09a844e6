// SPDX-License-Identifier: Apache-2.0
// A server on a loopback port with its loop on a thread of its own, and a client that sends bytes as they
// are. For tests only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/file.h"
#include "base/text.h"
#include "server/http_router.h"
#include "server/http_server.h"

namespace ullage::server {

// Bytes out, bytes in; what does not come within ten seconds fails the test.
class RawClient {
 public:
  explicit RawClient(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  explicit RawClient(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    connect_to(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t got = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (got <= 0) return;  // closed on us: what was answered tells more
      bytes.remove_prefix(static_cast<std::size_t>(got));
    }
  }
  void get(std::string_view target, std::string_view more_headers = "") {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more_headers) +
         "\r\n");
  }
  void finish_sending() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(); }
  int fd() const { return socket_.get(); }

  struct Answer {
    int status = 0;
    std::string head, body;
    std::string header(std::string_view name) const {
      const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
      if (at == std::string::npos) return "";
      const std::size_t begin = at + name.size() + 4;
      return head.substr(begin, head.find("\r\n", begin) - begin);
    }
  };
  // The next one; status 0 when the connection ended instead.
  Answer read(bool has_body = true) {
    Answer answer;
    if (!fill_until([this] { return received_.find("\r\n\r\n") != std::string::npos; })) return answer;
    const std::size_t end = received_.find("\r\n\r\n") + 4;
    answer.head = received_.substr(0, end);
    received_.erase(0, end);
    answer.status = static_cast<int>(to_unsigned(answer.head.substr(9, 3)).value_or(0));
    const std::size_t length = to_unsigned(answer.header("Content-Length")).value_or(0);
    if (!has_body || length == 0) return answer;
    EXPECT_TRUE(fill_until([&] { return received_.size() >= length; }));
    answer.body = received_.substr(0, length);
    received_.erase(0, answer.body.size());
    return answer;
  }
  // Whatever comes until there is this text in it.
  std::string read_until(std::string_view text) {
    fill_until([&] { return received_.find(text) != std::string::npos; });
    return std::exchange(received_, "");
  }
  bool is_closed() {
    return !fill_until([] { return false; });
  }

 private:
  void connect_to(int family, const sockaddr* address, socklen_t size) {
    socket_ = FileDescriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{10, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(socket_.get(), address, size), 0);
  }
  bool fill_until(const std::function<bool()>& is_enough) {
    char bytes[65'536];
    while (!is_enough()) {
      const ssize_t got = ::recv(socket_.get(), bytes, sizeof bytes, 0);
      EXPECT_FALSE(got < 0 && errno == EAGAIN) << "nothing came in ten seconds";
      if (got <= 0) return false;
      received_.append(bytes, static_cast<std::size_t>(got));
    }
    return true;
  }

  FileDescriptor socket_;
  std::string received_;
};

class RunningServer {
 public:
  using Fill = std::function<void(Router&, EventLoop&)>;
  explicit RunningServer(const Fill& fill, ServerOptions options = {}) {
    if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
    Router router;
    fill(router, loop);
    auto listening = HttpServer::listen(loop, clock, std::move(options), std::move(router));
    EXPECT_TRUE(listening) << listening.error().text();
    server.emplace(*std::move(listening));
    const std::string address = server->addresses().at(0);
    port = static_cast<int>(to_unsigned(address.substr(address.rfind(':') + 1)).value_or(0));
    thread_ = std::thread([this] { loop.run(); });
  }
  ~RunningServer() {
    loop.post([this] { loop.stop(); });  // from within: a stop() before run() would be forgotten
    thread_.join();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  RawClient client() const { return RawClient(port); }
  // On the loop's thread; waits for it.
  template <class Call>
  auto on_loop(Call call) {
    const auto done = std::make_shared<std::promise<decltype(call())>>();
    auto result = done->get_future();
    loop.post([done, &call] { done->set_value(call()); });
    return result.get();
  }
  ServerCounts counts() {
    return on_loop([this] { return server->counts(); });
  }
  // Until the counts are so; false when they are not within ten seconds.
  bool wait_for(const std::function<bool(const ServerCounts&)>& is_so) {
    for (int i = 0; i < 1000; ++i) {
      if (is_so(counts())) return true;
      ::poll(nullptr, 0, 10);
    }
    return false;
  }

  EventLoop loop;
  SystemClock clock;
  std::optional<HttpServer> server;
  int port = 0;

 private:
  std::thread thread_;
};

}  // namespace ullage::server
