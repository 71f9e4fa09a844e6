// SPDX-License-Identifier: Apache-2.0
// Where programs send their metrics to the daemon: push.sock, a unix stream of lines, and push-datagram.sock,
// a unix datagram socket, both in the state directory; and UDP on loopback for StatsD's clients. Nobody is
// ever answered. Who sends more than may be taken in a second is read later; the kernel then drops datagrams
// and holds streams back. One thread: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "sense/custom/pushed_values.h"

namespace ullage::sense {

struct PushOptions {
  std::string folder;         // of the two sockets; "" for none
  std::string statsd_listen;  // "127.0.0.1:8125"; "" for none
  std::size_t series_max = 5000;
  std::size_t bytes_per_second = 2u << 20;  // of datagrams, and of each stream
};

class PushServer {
 public:
  // Fails where statsd_listen cannot be listened on; of the two sockets see problem().
  static Result<PushServer> listen(EventLoop& loop, const PushOptions& options, const Clock& clock);
  PushServer(PushServer&&) noexcept;
  PushServer& operator=(PushServer&&) noexcept;
  ~PushServer();  // removes the sockets

  PushedValues& values();
  const PushedValues& values() const;
  // Why a socket is not there (its path is too long), or empty: the rest of the daemon does without.
  const std::string& problem() const;
  int statsd_port() const;  // 0 where none is listened on

 private:
  struct Impl;
  explicit PushServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::sense
