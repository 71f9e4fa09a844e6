// SPDX-License-Identifier: Apache-2.0
// Bytes to and from one client, as they are or within TLS: the only place that knows which. Nothing here
// blocks or waits by itself: each call does what can be done now and says what the next one waits for.
// OpenSSL writes with write(2), so a process with TLS ignores SIGPIPE. One thread. For http_connection.cpp
// only.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "server/tls_identity.h"

struct ssl_st;

namespace ullage::server {

using Socket = boost::asio::generic::stream_protocol::socket;

class Stream {
 public:
  enum class State {
    moved,          // done, with so many bytes
    needs_read,     // nothing to be done until there is something to read,
    needs_write,    // or room to write
    ended,          // the client sends no more
    failed,         // nothing more can be done
    spoke_plainly,  // no TLS came but HTTP: from here on it is answered so
  };
  struct Outcome {
    State state = State::moved;
    std::size_t bytes = 0;
  };

  // Without an identity bytes go as they are.
  Stream(Socket socket, const TlsIdentity* identity);

  bool is_greeted() const { return is_greeted_; }
  // TLS begins with an exchange: to be called until it has moved, before all else. At once where there is
  // none.
  State greet();
  Outcome read(std::span<char> into);
  // Some of the first, and of the second when all of the first goes. What was not taken must come again at
  // the front of the next call.
  Outcome write(std::string_view first, std::string_view second);
  void finish_sending();  // the client sees an end; what it still sends can be read and means nothing
  void close();

  template <class Call>
  void when_readable(Call call) {
    socket_.async_wait(boost::asio::socket_base::wait_read, std::move(call));
  }
  template <class Call>
  void when_writable(Call call) {
    socket_.async_wait(boost::asio::socket_base::wait_write, std::move(call));
  }

 private:
  State state_of(int result);
  Outcome read_plainly(std::span<char> into);
  Outcome write_plainly(std::string_view first, std::string_view second);
  void say_goodbye();

  Socket socket_;
  std::shared_ptr<ssl_st> session_;  // none: as they are
  bool is_greeted_ = true;
  bool has_failed_ = false;  // TLS: then no more may be said in it
};

}  // namespace ullage::server
