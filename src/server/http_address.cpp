// SPDX-License-Identifier: Apache-2.0
#include "server/http_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace ullage::server {

namespace {

constexpr std::string_view kHowItReads = "as 127.0.0.1:9850, [::1]:9850 or 0.0.0.0:9850";

std::optional<in_addr> ipv4(std::string_view host) {
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 ? std::optional(address)
                                                                        : std::nullopt;
}
std::optional<in6_addr> ipv6(std::string_view host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, std::string(host).c_str(), &address) == 1 ? std::optional(address)
                                                                         : std::nullopt;
}

struct Parts {
  std::string_view host, port;
};

// Splits at the colon of the port; brackets go. Nothing when the brackets are wrong.
std::optional<Parts> split(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = authority.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return std::nullopt;
    return Parts{authority.substr(1, end - 1), rest.empty() ? rest : rest.substr(1)};
  }
  const std::size_t colon = authority.find(':');
  if (colon == std::string_view::npos) return Parts{authority, ""};
  return Parts{authority.substr(0, colon), authority.substr(colon + 1)};
}

}  // namespace

std::string Address::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<Address> parse_address(std::string_view text) {
  const auto parts = split(text);
  const auto port = parts ? to_unsigned(parts->port) : std::nullopt;
  if (!port || *port > 65'535)
    return fail(fmt::format("'{}' is no address to listen on", text), "", std::string(kHowItReads));
  const std::string host(parts->host == "localhost" ? "127.0.0.1" : parts->host);
  if (!is_literal(host))
    return fail(fmt::format("'{}' is no literal address", host), "", std::string(kHowItReads));
  return Address{.host = host, .port = static_cast<std::uint16_t>(*port)};
}

bool is_literal(std::string_view host) { return ipv4(host) || ipv6(host); }

bool is_loopback(std::string_view host) {
  if (const auto address = ipv4(host)) return ntohl(address->s_addr) >> 24 == 127;
  if (const auto address = ipv6(host))
    return IN6_IS_ADDR_LOOPBACK(&*address) ||
           (IN6_IS_ADDR_V4MAPPED(&*address) && address->s6_addr[12] == 127);
  return host == "localhost" || host.ends_with(".localhost");
}

bool is_any(std::string_view host) {
  if (const auto address = ipv4(host)) return address->s_addr == 0;
  if (const auto address = ipv6(host)) return IN6_IS_ADDR_UNSPECIFIED(&*address);
  return false;
}

std::string host_of(std::string_view authority) {
  const auto parts = split(authority);
  if (!parts || (!parts->port.empty() && !to_unsigned(parts->port))) return "";
  std::string host(parts->host);
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (host.ends_with('.')) host.pop_back();  // the root: localhost. is localhost
  return host;
}

}  // namespace ullage::server
