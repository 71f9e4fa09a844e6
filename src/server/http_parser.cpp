// SPDX-License-Identifier: Apache-2.0
#include "server/http_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "server/http_message.h"
#include "server/http_target.h"

namespace http = boost::beast::http;

namespace ullage::server {

namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

Response refusal_of(const boost::beast::error_code& error, const ParserLimits& limits) {
  if (error == http::error::header_limit)
    return error_response(431,
                          fmt::format("the request's head is longer than {} bytes", limits.header_bytes_max));
  if (error == http::error::body_limit)
    return error_response(413,
                          fmt::format("the request's body is longer than {} bytes", limits.body_bytes_max));
  if (error == http::error::bad_version) return error_response(505, "HTTP/1.1 and HTTP/1.0 are spoken here");
  return error_response(400, "not an HTTP request: " + error.message());
}

// What a request may not have, as a response; nothing when it is fine.
std::optional<Response> refusal_of(const Request& request, unsigned version) {
  const auto count = [&](std::string_view name) {
    return std::ranges::count_if(request.headers.pairs(),
                                 [&](const auto& pair) { return pair.first == name; });
  };
  if (const std::string* coding = request.headers.find("transfer-encoding")) {
    if (version < 11 || count("transfer-encoding") > 1 || lower_case(*coding) != "chunked")
      return error_response(501, "the only transfer coding known here is chunked, of HTTP/1.1");
  }
  if (count("content-length") > 1 ||
      request.headers.value("content-length").find(',') != std::string_view::npos)
    return error_response(400, "Content-Length stands there twice");
  if (count("host") > 1 || (version >= 11 && count("host") == 0))
    return error_response(400, "a request has one Host");
  if (request.headers.find("content-encoding") != nullptr)
    return error_response(415, "a request's body must not be compressed");
  return std::nullopt;
}

}  // namespace

struct RequestParser::Impl {
  explicit Impl(const ParserLimits& set) : limits(set) {
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    parser.body_limit(limits.body_bytes_max);
  }

  State refuse(Response response) {
    refusal = std::move(response);
    return State::is_refused;
  }

  // All of it in one place, so that what follows knows values only.
  State take_head() {
    const auto& message = parser.get();
    request.method = std::string(std::string_view(message.method_string()));
    for (const auto& field : message)
      request.headers.add(lower_case(std::string_view(field.name_string())),
                          std::string(std::string_view(field.value())));
    if (auto refused = refusal_of(request, message.version())) return refuse(std::move(*refused));
    auto target = parse_target(std::string_view(message.target()));
    if (!target) return refuse(error_response(400, target.error().what));
    request.authority = std::move(target->authority);
    request.path = std::move(target->path);
    request.parameters = std::move(target->query);
    return State::has_head;
  }

  State take_body() {
    request.body = std::move(parser.get().body());
    const std::string type = lower_case(request.headers.value("content-type"));
    if (!type.starts_with("application/x-www-form-urlencoded")) return State::is_done;
    auto form = parse_form(request.body);
    if (!form) return refuse(error_response(400, form.error().what));
    form->add(request.parameters);
    request.parameters = std::move(*form);
    return State::is_done;
  }

  State feed_head(std::string_view& bytes) {
    boost::beast::error_code error;
    const std::size_t taken = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(taken);
    head_bytes += taken;
    const std::size_t waiting = error == http::error::need_more ? bytes.size() : 0;
    if (head_bytes + waiting > limits.header_bytes_max) error = http::error::header_limit;
    if (error == http::error::need_more) return State::needs_more;
    if (error) return refuse(refusal_of(error, limits));
    return take_head();
  }

  State feed_body(std::string_view& bytes) {
    // A chunked body never ends in less. Beast 1.81 takes for granted that it is not offered a part of that
    // end twice (basic_parser.ipp, parse_chunk_header: n >= 5).
    constexpr std::string_view kShortestEnd = "0\r\n\r\n";
    if (parser.chunked() && !parser.is_done() && bytes.size() < kShortestEnd.size()) return State::needs_more;
    boost::beast::error_code error;
    parser.eager(true);
    if (!parser.is_done() && !bytes.empty())
      bytes.remove_prefix(parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error));
    if (error == http::error::need_more) {
      error = {};
      // A chunk's own head, or trailers, that do not end.
      if (bytes.size() > limits.header_bytes_max) error = http::error::header_limit;
    }
    if (error) return refuse(refusal_of(error, limits));
    return parser.is_done() ? take_body() : State::needs_more;
  }

  ParserLimits limits;
  http::request_parser<http::string_body> parser;
  std::size_t head_bytes = 0;
  Request request;
  Response refusal;
};

RequestParser::RequestParser(const ParserLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::feed(std::string_view& bytes) {
  return impl_->parser.is_header_done() ? impl_->feed_body(bytes) : impl_->feed_head(bytes);
}

Request& RequestParser::request() { return impl_->request; }
bool RequestParser::keeps_alive() const { return impl_->parser.keep_alive(); }
bool RequestParser::expects_continue() const {
  return !impl_->parser.is_done() && lower_case(impl_->request.headers.value("expect")) == "100-continue";
}
const Response& RequestParser::refusal() const { return impl_->refusal; }

}  // namespace ullage::server
