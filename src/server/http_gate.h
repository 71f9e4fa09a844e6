// SPDX-License-Identifier: Apache-2.0
// Who may ask. A web page that somebody opens must not reach a server on their loopback, whatever name it has
// made resolve to it: Host must be a name we know, and Origin our own. Who comes over TCP brings the token,
// where there is one; the unix socket has its file's mode. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http_message.h"
#include "server/http_router.h"

namespace ullage::server {

class Gate {
 public:
  // hosts: the literal addresses that are listened on; names: further ones to be called by, with the port
  // where browsers see one that is not the scheme's own.
  Gate(const std::vector<std::string>& hosts, const std::vector<std::string>& names, std::string token);

  // Why not, as a response; nothing when it may pass.
  std::optional<Response> refusal(const Request& request, Access access) const;

 private:
  bool knows(std::string_view host) const;
  std::optional<Response> refusal_of_origin(const Request& request, std::string_view host) const;

  std::vector<std::string> hosts_;
  std::vector<std::string> origins_;  // without their schemes
  bool is_any_literal_ours_ = false;
  std::string token_;
};

// In a time that does not tell how much of it was right.
bool is_same_secret(std::string_view given, std::string_view wanted);

// The first line of a file, which others may not read.
Result<std::string> read_token(const std::string& path);

}  // namespace ullage::server
