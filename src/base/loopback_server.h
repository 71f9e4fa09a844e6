// SPDX-License-Identifier: Apache-2.0
// A server on a loopback port that answers connections from a script, byte for byte, so that tests see a
// client meet what real servers rarely do. For tests only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage {

class LoopbackServer {
 public:
  // What to say to a request, given whole; nothing is said and the connection stays open for "HANG", is
  // closed for "".
  using Answer = std::function<std::string(const std::string& request)>;

  explicit LoopbackServer(Answer answer) : answer_(std::move(answer)) {
    ::setenv("no_proxy", "*", 1);  // NOLINT(concurrency-mt-unsafe): before there are threads
    listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    check(::bind(listener_.get(), generic, size) == 0 && ::listen(listener_.get(), 8) == 0,
          "a loopback port");
    check(::getsockname(listener_.get(), generic, &size) == 0, "a port has a number");
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    check(::pipe(ends_) == 0, "a pipe");
    thread_ = std::thread([this] { serve(); });
  }
  ~LoopbackServer() {
    ::close(ends_[1]);
    thread_.join();
    ::close(ends_[0]);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  const std::string& url() const { return url_; }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  static std::string ok(std::string_view body, std::string_view type = "application/json") {
    return status("200 OK", body, type);
  }
  static std::string status(std::string_view line, std::string_view body,
                            std::string_view type = "text/plain", std::string_view more_headers = "") {
    return "HTTP/1.1 " + std::string(line) + "\r\nContent-Type: " + std::string(type) + "\r\n" +
           std::string(more_headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  }

 private:
  bool is_readable(int fd) const {
    pollfd waits[] = {{fd, POLLIN, 0}, {ends_[0], POLLIN, 0}};
    return ::poll(waits, 2, -1) > 0 && waits[1].revents == 0;
  }
  void serve() {
    while (is_readable(listener_.get())) {
      const FileDescriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      while (talk(connection.get())) {
      }
    }
  }
  // One request and its answer; false when the connection is over.
  bool talk(int connection) {
    std::string request;
    while (!is_whole(request)) {
      char bytes[65536];
      if (!is_readable(connection)) return false;
      const ssize_t got = ::recv(connection, bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      request.append(bytes, static_cast<std::size_t>(got));
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const std::string answer = answer_(request);
    if (answer == "HANG") return is_readable(connection) && false;
    (void)::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    return !answer.empty() && answer.find("Content-Length") != std::string::npos;
  }
  static bool is_whole(std::string_view request) {
    const std::size_t head = request.find("\r\n\r\n");
    if (head == std::string_view::npos) return false;
    const std::size_t found = request.find("Content-Length: ");
    if (found == std::string_view::npos || found > head) return true;
    const std::size_t begin = found + 16;
    return request.size() - head - 4 >=
           to_unsigned(request.substr(begin, request.find('\r', begin) - begin)).value_or(0);
  }

  Answer answer_;
  FileDescriptor listener_;
  int ends_[2] = {-1, -1};
  std::string url_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace ullage
