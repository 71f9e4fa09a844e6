// SPDX-License-Identifier: Apache-2.0
#include "base/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/shared_library.h"
#include "base/text.h"

namespace ullage {

namespace {

static_assert(kHttpTimedOut == ETIMEDOUT && kHttpTooLarge == EFBIG && kHttpCancelled == ECANCELED);

// What we use of libcurl, by name out of the library: linked in the usual way it would bring thirty libraries
// into every run of `true`.
struct Curl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_easy_header) easy_header = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_wakeup) multi_wakeup = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  std::string problem;
};

Curl open_curl() {
  Curl curl;
  SharedLibrary library("libcurl", {"libcurl.so.4", "libcurl-gnutls.so.4"});
  library.find("curl_global_init", curl.global_init);
  library.find("curl_easy_init", curl.easy_init);
  library.find("curl_easy_setopt", curl.easy_setopt);
  library.find("curl_easy_getinfo", curl.easy_getinfo);
  library.find("curl_easy_reset", curl.easy_reset);
  library.find("curl_easy_cleanup", curl.easy_cleanup);
  library.find("curl_easy_strerror", curl.easy_strerror);
  library.find("curl_easy_header", curl.easy_header);
  library.find("curl_multi_init", curl.multi_init);
  library.find("curl_multi_add_handle", curl.multi_add_handle);
  library.find("curl_multi_perform", curl.multi_perform);
  library.find("curl_multi_poll", curl.multi_poll);
  library.find("curl_multi_wakeup", curl.multi_wakeup);
  library.find("curl_multi_info_read", curl.multi_info_read);
  library.find("curl_multi_remove_handle", curl.multi_remove_handle);
  library.find("curl_multi_cleanup", curl.multi_cleanup);
  library.find("curl_slist_append", curl.slist_append);
  library.find("curl_slist_free_all", curl.slist_free_all);
  curl.problem = library.problem();
  if (curl.problem.empty() && curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    curl.problem = "libcurl cannot be started";
  return curl;
}

const Curl& the_curl() {
  static const Curl curl = open_curl();
  return curl;
}

struct FreeList {
  void operator()(curl_slist* list) const { the_curl().slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append(HeaderList& list, const std::string& line) {
  curl_slist* longer = the_curl().slist_append(list.get(), line.c_str());
  check(longer != nullptr, "there is memory for a header");
  if (!list) list.reset(longer);  // a list that is longer begins where it did
}

// A call under way: where its body goes, and what may end it.
struct Call {
  std::string body;
  std::size_t bytes_max = 0;
  bool too_large = false;
  const std::stop_token* stop = nullptr;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* call_pointer) {
  auto& call = *static_cast<Call*>(call_pointer);
  call.too_large = size > call.bytes_max - call.body.size();
  if (call.too_large) return 0;
  call.body.append(bytes, size);
  return size;
}

constexpr long kRedirectsMax = 10;  // as Go's client

// libcurl takes the name for TLS out of the URL: with another one there, it is told where to connect, and the
// header says whom we ask.
struct Renamed {
  std::string url;
  HeaderList connect_to;
  std::string host;
};

std::optional<Renamed> renamed(const std::string& url, const std::string& server_name) {
  constexpr std::string_view kScheme = "https://";
  if (server_name.empty() || !url.starts_with(kScheme)) return std::nullopt;
  const std::size_t end = std::min(url.find_first_of("/?#", kScheme.size()), url.size());
  Renamed result{.url = {}, .connect_to = {}, .host = url.substr(kScheme.size(), end - kScheme.size())};
  const std::size_t colon = result.host.rfind(':');
  const bool has_port = colon != std::string::npos &&
                        (result.host.rfind(']') == std::string::npos || colon > result.host.rfind(']'));
  const std::string port = has_port ? result.host.substr(colon) : ":443";
  const std::string host = has_port ? result.host.substr(0, colon) : result.host;
  result.url = std::string(kScheme) + server_name + port + url.substr(end);
  append(result.connect_to, server_name + port + ':' + host + port);
  return result;
}

bool holds_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(HttpOptions o)
      : options(std::move(o)), handle(the_curl().easy_init()), multi(the_curl().multi_init()) {}
  ~Impl() {
    the_curl().easy_cleanup(handle);
    (void)the_curl().multi_cleanup(multi);  // with the connection
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  template <class T>
  void set(CURLoption option, T value) {
    (void)the_curl().easy_setopt(handle, option, value);
  }
  void prepare(const HttpRequest& request, const HeaderList& headers, Call& call);
  void prepare_credentials();
  void prepare_tls();
  CURLcode perform(const std::stop_token& stop);
  std::string header(const char* name);
  tl::unexpected<Error> failure(CURLcode code, const HttpRequest& request, const Call& call);

  HttpOptions options;
  CURL* handle;
  CURLM* multi;        // whose only transfer is that of the handle
  std::string reason;  // libcurl's own words
};

void HttpClient::Impl::prepare(const HttpRequest& request, const HeaderList& headers, Call& call) {
  the_curl().easy_reset(handle);  // the connection stays
  reason.assign(CURL_ERROR_SIZE, '\0');
  set(CURLOPT_ERRORBUFFER, reason.data());
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "ullage");
  set(CURLOPT_ACCEPT_ENCODING, "");  // what libcurl can unpack
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&call));
  if (!request.body.empty() || request.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  }
  if (!options.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
  if (options.asks_directly) set(CURLOPT_NOPROXY, "*");
  if (options.follows_redirects) {
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, kRedirectsMax);
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  }
  if (!request.method.empty()) set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  prepare_credentials();
  prepare_tls();
}

void HttpClient::Impl::prepare_tls() {
  const HttpTls& tls = options.tls;
  if (!tls.ca_file.empty()) set(CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.cert_file.empty()) set(CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.key_file.empty()) set(CURLOPT_SSLKEY, tls.key_file.c_str());
  if (!tls.trusts_anyone) return;
  set(CURLOPT_SSL_VERIFYPEER, 0L);
  set(CURLOPT_SSL_VERIFYHOST, 0L);
}

void HttpClient::Impl::prepare_credentials() {
  const HttpCredentials& with = options.credentials;
  if (!with.user.empty() || !with.password.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, with.user.c_str());
    set(CURLOPT_PASSWORD, with.password.c_str());
  }
  if (!with.bearer_token.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(CURLOPT_XOAUTH2_BEARER, with.bearer_token.c_str());
  }
}

// As curl_easy_perform() does it, which while it waits looks once a second only whether it is to stop.
CURLcode HttpClient::Impl::perform(const std::stop_token& stop) {
  constexpr int kPollMs = 1000;
  const Curl& curl = the_curl();
  if (curl.multi_add_handle(multi, handle) != CURLM_OK) return CURLE_FAILED_INIT;
  const std::stop_callback wakes(stop, [this] { (void)the_curl().multi_wakeup(multi); });
  CURLMcode state = CURLM_OK;
  for (int running = 1; running > 0 && state == CURLM_OK && !stop.stop_requested();) {
    state = curl.multi_perform(multi, &running);
    if (state == CURLM_OK && running > 0) state = curl.multi_poll(multi, nullptr, 0, kPollMs, nullptr);
  }
  CURLcode code = state == CURLM_OK ? CURLE_ABORTED_BY_CALLBACK : CURLE_OUT_OF_MEMORY;
  int left = 0;
  while (const CURLMsg* message = curl.multi_info_read(multi, &left))
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  (void)curl.multi_remove_handle(multi, handle);
  return code;
}

std::string HttpClient::Impl::header(const char* name) {
  curl_header* found = nullptr;
  if (the_curl().easy_header(handle, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return {};
  return found->value;
}

tl::unexpected<Error> HttpClient::Impl::failure(CURLcode code, const HttpRequest& request, const Call& call) {
  Error error{.what = {}, .where = url_shown(request.url)};
  if (call.too_large) {
    error.what = "the answer is larger than " + std::to_string(call.bytes_max) + " bytes";
    error.system_error = kHttpTooLarge;
  } else if (call.stop->stop_requested()) {
    error.what = "cancelled";
    error.system_error = kHttpCancelled;
  } else if (code == CURLE_OPERATION_TIMEDOUT) {
    long sent = 0;
    (void)the_curl().easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &sent);
    error.what = sent > 0 ? "no whole answer within " + std::to_string(options.timeout.count()) + " ms"
                          : "cannot be reached in time";
    error.system_error = kHttpTimedOut;
  } else {
    error.what = printable(reason.c_str());
    if (error.what.empty()) error.what = the_curl().easy_strerror(code);
  }
  return fail(std::move(error));
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::create(HttpOptions options) {
  if (!the_curl().problem.empty()) return fail(the_curl().problem, "HTTP", "install libcurl4");
  if (holds_line_break(options.credentials.bearer_token))
    return fail("a token with a line break in it", "HTTP");
  auto impl = std::make_unique<Impl>(std::move(options));
  if (impl->handle == nullptr || impl->multi == nullptr) return fail("libcurl cannot be started", "HTTP");
  return HttpClient(std::move(impl));
}

Result<HttpAnswer> HttpClient::send(const HttpRequest& request, const std::stop_token& stop) {
  HeaderList headers;
  append(headers, "Expect:");  // a body is sent at once
  for (const auto& [name, value] : request.headers) {
    if (holds_line_break(name) || holds_line_break(value))
      return fail("a header with a line break in it", name);
    append(headers, name + ": " + value);
  }
  const auto renamed_to = renamed(request.url, impl_->options.tls.server_name);
  if (renamed_to) append(headers, "Host: " + renamed_to->host);
  Call call{.body = {}, .bytes_max = impl_->options.answer_bytes_max, .stop = &stop};
  impl_->prepare(request, headers, call);
  if (renamed_to) {
    impl_->set(CURLOPT_URL, renamed_to->url.c_str());
    impl_->set(CURLOPT_CONNECT_TO, renamed_to->connect_to.get());
  }
  const CURLcode code = impl_->perform(stop);
  if (code != CURLE_OK) return impl_->failure(code, request, call);

  long status = 0;
  (void)the_curl().easy_getinfo(impl_->handle, CURLINFO_RESPONSE_CODE, &status);
  return HttpAnswer{.status = static_cast<int>(status),
                    .content_type = impl_->header("Content-Type"),
                    .retry_after = impl_->header("Retry-After"),
                    .body = std::move(call.body)};
}

std::string url_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= '0' && byte <= '9') ||
                          std::string_view("-._~").find(c) != std::string_view::npos;
    if (is_plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

std::string url_shown(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view authority = url.substr(host, url.find('/', host) - host);
  const std::size_t at = authority.rfind('@');
  const std::size_t hidden = at == std::string_view::npos ? 0 : at + 1;
  return printable(std::string(url.substr(0, host)) + std::string(url.substr(host + hidden)));
}

}  // namespace ullage
