// SPDX-License-Identifier: Apache-2.0
// Speaks HTTP to the outside: a remote Prometheus, a receiver of samples, a webhook. libcurl stands behind it
// (TLS, proxies), opened when the first client is made: a program that never asks pays nothing for it. A call
// blocks, so it belongs on a thread of its own; one thread a client at a time. The connection is kept for the
// next call. Redirects are followed where that is asked for only: somebody else says where they point.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ullage {

// Sent with each request, never printed.
struct HttpCredentials {
  std::string user;  // basic authentication when there is one
  std::string password;
  std::string bearer_token;
};

// Files in PEM. Without the first, who the other side must be vouched for by is the system's choice.
struct HttpTls {
  std::string ca_file = {};
  std::string cert_file = {};  // what we show, with its key
  std::string key_file = {};
  // What the other side's certificate must be for and is asked for, where that is not the URL's host.
  std::string server_name = {};
  bool trusts_anyone = false;  // whoever answers is taken for the one who was asked
};

struct HttpOptions {
  HttpCredentials credentials;
  HttpTls tls = {};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{30'000};  // of a whole call
  std::size_t answer_bytes_max = 64u << 20;   // of a body, unpacked
  std::string unix_socket;                    // asked through it; the URL's host is then but a name
  bool asks_directly = false;                 // whatever proxy the environment names
  bool follows_redirects = false;             // credentials stay with the host they are for
};

struct HttpRequest {
  std::string url = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // with one, or a method that is named, it is POST; else GET
  std::string method = {};
};

struct HttpAnswer {
  int status = 0;
  std::string content_type = {};
  std::string retry_after = {};  // as it came: seconds or a date
  std::string body = {};
};

// system_error of the errors of send(): what a caller may want to tell apart.
constexpr int kHttpTimedOut = 110;   // ETIMEDOUT
constexpr int kHttpTooLarge = 27;    // EFBIG
constexpr int kHttpCancelled = 125;  // ECANCELED

class HttpClient {
 public:
  static Result<HttpClient> create(HttpOptions options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Any status is an answer; an error is that there was none: not connected, hung, closed, too large.
  Result<HttpAnswer> send(const HttpRequest& request, const std::stop_token& stop = {});

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Everything but letters, digits and -._~ as %XX.
std::string url_encoded(std::string_view text);
// Fit for a message: without user, password and query.
std::string url_shown(std::string_view url);

}  // namespace ullage
