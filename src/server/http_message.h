// SPDX-License-Identifier: Apache-2.0
// A request and a response as plain values: what handlers see of HTTP. Parsing bytes is http_parser's,
// sending them http_connection's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ullage::server {

// Names and values in the order in which they came; a name may come more than once.
class Parameters {
 public:
  void add(std::string name, std::string value) { pairs_.emplace_back(std::move(name), std::move(value)); }
  void add(const Parameters& others) {
    pairs_.insert(pairs_.end(), others.pairs_.begin(), others.pairs_.end());
  }
  const std::string* find(std::string_view name) const;  // the first, null when there is none
  std::string_view value(std::string_view name) const;   // the first, empty when there is none
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Who asks. Over the unix socket the kernel says which user it is.
struct Peer {
  bool is_unix = false;
  std::optional<uid_t> uid = {};
};

struct Request {
  std::string method;
  std::string authority = {};          // of a target like http://host/path; else empty
  std::vector<std::string> path = {};  // decoded segments; empty for "/"
  Parameters parameters = {};          // of a posted form, then of the query string
  Parameters path_parameters = {};     // what stood for the {name}s of the route
  Parameters headers = {};             // names in lower case
  std::string body = {};
  Peer peer = {};
};

// Nothing may be loaded, run or framed: right for data. A page brings a policy of its own.
constexpr std::string_view kStrictPolicy =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string content_security_policy = std::string(kStrictPolicy);
};

// In the shape of Prometheus's API: {"status":"error","errorType":…,"error":…}.
Response error_response(int status, std::string_view type, std::string_view text);
// The same with the type that goes with the status.
Response error_response(int status, std::string_view text);
std::string_view reason_phrase(int status);  // "Not Found"

}  // namespace ullage::server
