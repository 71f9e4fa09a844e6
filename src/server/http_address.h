// SPDX-License-Identifier: Apache-2.0
// Where a server listens: a literal address and a port. Names are not looked up, so that it is plain who can
// reach it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage::server {

struct Address {
  std::string host;  // "127.0.0.1", "::1"
  std::uint16_t port = 0;
  std::string text() const;  // "127.0.0.1:9850", "[::1]:9850"
};

Result<Address> parse_address(std::string_view text);  // localhost:9850, 0.0.0.0:9850, [::1]:9850

bool is_literal(std::string_view host);   // an IPv4 or IPv6 address
bool is_loopback(std::string_view host);  // a literal one, or localhost and names below it
bool is_any(std::string_view host);       // 0.0.0.0, ::
// The host of "host", "host:port", "[::1]:port", in lower case, without brackets; empty when it is none.
std::string host_of(std::string_view authority);

}  // namespace ullage::server
