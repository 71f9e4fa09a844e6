// SPDX-License-Identifier: Apache-2.0
// The listening end of ULLAGE_SOCKET: takes many clients on the event loop, cuts what they write into lines,
// parses them and calls back. It only reads: no client is ever answered, so none need wait. A client that
// writes faster than it may is read again a second later (the kernel then holds it back, not our memory); one
// that writes only nonsense is dropped. All is counted. One thread: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/result.h"
#include "sense/custom/line_protocol.h"

namespace ullage::sense {

struct LineServerOptions {
  std::string path;                   // of the socket; made 0600
  std::string short_folder = "/tmp";  // where a private folder is made when path is too long for a socket
  std::size_t client_limit = 64;      // at once; more are turned away
  std::size_t bytes_per_second = 4u << 20;  // of one client
  std::uint64_t bad_line_limit = 1000;      // of one client, before it is dropped
};

struct LineCounts {
  std::uint64_t clients = 0;  // that ever connected
  std::uint64_t lines = 0;    // that were understood
  std::uint64_t bad_lines = 0;
  std::uint64_t refused_clients = 0;  // beyond client_limit
  std::uint64_t dropped_clients = 0;  // for their nonsense
  std::uint64_t held_back = 0;        // times a client wrote faster than it may
  std::uint64_t rests = 0;            // times no client was taken for a second: descriptors had run out
};

class LineServer {
 public:
  using OnLine = std::function<void(Line)>;  // never a BlankLine
  using OnBadLine =
      std::function<void(const Error&)>;  // every bad line; who reports them keeps to the first few

  static Result<LineServer> listen(EventLoop& loop, LineServerOptions options, OnLine on_line,
                                   OnBadLine on_bad_line);
  // Lines of other kinds than the protocol's: what is called tells whether one says anything, or is bad.
  using OnText = std::function<Result<bool>(std::string_view)>;
  static Result<LineServer> listen(EventLoop& loop, LineServerOptions options, OnText on_text,
                                   OnBadLine on_bad_line = {});
  LineServer(LineServer&&) noexcept;
  LineServer& operator=(LineServer&&) noexcept;
  ~LineServer();  // removes the socket, and the folder made for it

  const std::string& path() const;  // what ULLAGE_SOCKET is to hold
  const LineCounts& counts() const;
  // Accepts and reads all that was written until now, whatever the allowances: at the end of a run, whose
  // last lines may still lie in the kernel. A last line without its end counts as one.
  void finish();

 private:
  struct Impl;
  explicit LineServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::sense
