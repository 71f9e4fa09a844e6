// SPDX-License-Identifier: Apache-2.0
#include "server/http_gate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "server/http_address.h"
#include "server/http_message.h"
#include "server/http_router.h"

namespace ullage::server {

namespace {

constexpr std::size_t kTokenBytesMin = 16;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The scheme of Authorization is written in any case (RFC 9110, 11.1).
std::string_view bearer_token(std::string_view header) {
  std::string_view rest = header;
  std::string scheme(take_word(rest));
  std::ranges::transform(scheme, scheme.begin(), lower);
  return scheme == "bearer" ? trim(rest) : std::string_view();
}

std::string_view authority_of(const Request& request) {
  return request.authority.empty() ? request.headers.value("host") : std::string_view(request.authority);
}

}  // namespace

Gate::Gate(const std::vector<std::string>& hosts, const std::vector<std::string>& names, std::string token)
    : token_(std::move(token)) {
  for (const std::string& host : hosts) {
    is_any_literal_ours_ = is_any_literal_ours_ || is_any(host);
    hosts_.push_back(host_of(host.find(':') == std::string::npos ? host : "[" + host + "]"));
  }
  for (const std::string& name : names) {
    hosts_.push_back(host_of(name));
    origins_.push_back(name);
  }
  for (std::string& origin : origins_) std::ranges::transform(origin, origin.begin(), lower);
}

bool Gate::knows(std::string_view host) const {
  if (host.empty()) return false;
  if (is_loopback(host) || (is_any_literal_ours_ && is_literal(host))) return true;
  return std::ranges::find(hosts_, host) != hosts_.end();
}

// What a browser says of the page that asks (Fetch, "Sec-Fetch-Site"; RFC 6454). Other programs say nothing.
// Another port of the same host is another origin: whoever serves pages there is not us. Before a proxy that
// asks us by an address of its own choice, the page's is one of the names.
std::optional<Response> Gate::refusal_of_origin(const Request& request, std::string_view host) const {
  if (const std::string* origin = request.headers.find("origin")) {
    const std::size_t scheme = origin->find("://");
    const std::string_view authority =
        scheme == std::string::npos ? std::string_view() : std::string_view(*origin).substr(scheme + 3);
    const bool is_ours =
        !authority.empty() && (authority == host || std::ranges::find(origins_, authority) != origins_.end());
    if (!is_ours) return error_response(403, "a page of another origin may not ask here");
    return std::nullopt;
  }
  const std::string_view site = request.headers.value("sec-fetch-site");
  const bool is_from_elsewhere = site == "cross-site" || site == "same-site";
  // A link somebody follows is no page that reads.
  if (is_from_elsewhere && request.headers.value("sec-fetch-mode") != "navigate")
    return error_response(403, "a page of another site may not ask here");
  return std::nullopt;
}

std::optional<Response> Gate::refusal(const Request& request, Access access) const {
  if (request.peer.is_unix) return std::nullopt;
  const std::string_view authority = authority_of(request);
  // Programs that speak HTTP/1.0 may leave it out; browsers do not.
  if (request.headers.find("host") != nullptr || !request.authority.empty()) {
    const std::string host = host_of(authority);
    if (!knows(host))
      return error_response(
          403,
          fmt::format("'{}' is no name of this server; server.names says which there are", printable(host)));
  }
  if (auto refused = refusal_of_origin(request, authority)) return refused;
  if (token_.empty() || access == Access::open) return std::nullopt;
  if (is_same_secret(bearer_token(request.headers.value("authorization")), token_)) return std::nullopt;
  Response response = error_response(401, "a token is needed: Authorization: Bearer …, of server.token_file");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"ullage\"");
  return response;
}

bool is_same_secret(std::string_view given, std::string_view wanted) {
  unsigned difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const char c = given.empty() ? '\0' : given[i % given.size()];
    difference |= static_cast<unsigned char>(c) ^ static_cast<unsigned char>(wanted[i]);
  }
  return difference == 0 && !wanted.empty();
}

Result<std::string> read_token(const std::string& path) {
  const auto file = open_file(path, O_RDONLY);
  if (!file) return fail(file.error());
  struct stat info;
  if (::fstat(file->get(), &info) != 0) return fail_errno("cannot read the token", path, errno);
  if ((info.st_mode & 0006u) != 0)
    return fail("everybody may read or write the token", path, "chmod o-rw it, and make a new one");
  std::string text;
  if (!read_into(file->get(), text, 65'536)) return fail_errno("cannot read the token", path, errno);
  std::string token(trim(std::string_view(text).substr(0, text.find('\n'))));
  if (token.size() < kTokenBytesMin)
    return fail(fmt::format("a token has at least {} characters", kTokenBytesMin), path,
                "openssl rand -hex 32 makes one");
  return token;
}

}  // namespace ullage::server
