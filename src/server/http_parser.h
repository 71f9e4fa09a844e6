// SPDX-License-Identifier: Apache-2.0
// Bytes of a connection to requests, over Beast's parser, which stays in one source file. On top of what
// Beast refuses come the ways in which two programs could read one request differently (RFC 9112, 6.3
// and 11.2): any transfer coding but chunked, repeated lengths, no host or two. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http_message.h"

namespace ullage::server {

struct ParserLimits {
  std::size_t header_bytes_max = 16u << 10;
  std::size_t body_bytes_max = 1u << 20;
};

class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits);
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  enum class State { needs_more, has_head, is_done, is_refused };
  // Takes bytes off the front. has_head comes once: then request() is whole but for the body, and the next
  // call, with or without bytes, goes on.
  State feed(std::string_view& bytes);

  Request& request();
  bool keeps_alive() const;
  bool expects_continue() const;    // the client waits for our word before it sends the body
  const Response& refusal() const;  // of State::is_refused; the connection is of no use after it

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::server
