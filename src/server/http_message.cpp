// SPDX-License-Identifier: Apache-2.0
#include "server/http_message.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/api_json.h"

namespace ullage::server {

namespace {

struct Status {
  int code;
  std::string_view reason, type;
};

constexpr auto kStatuses = std::to_array<Status>({
    {200, "OK", ""},
    {204, "No Content", ""},
    {304, "Not Modified", ""},
    {400, "Bad Request", "bad_data"},
    {401, "Unauthorized", "unauthorized"},
    {403, "Forbidden", "forbidden"},
    {404, "Not Found", "not_found"},
    {405, "Method Not Allowed", "bad_data"},
    {408, "Request Timeout", "timeout"},
    {409, "Conflict", "conflict"},
    {413, "Content Too Large", "bad_data"},
    {415, "Unsupported Media Type", "bad_data"},
    {422, "Unprocessable Content", "execution"},
    {429, "Too Many Requests", "unavailable"},
    {431, "Request Header Fields Too Large", "bad_data"},
    {500, "Internal Server Error", "internal"},
    {501, "Not Implemented", "bad_data"},
    {503, "Service Unavailable", "unavailable"},
    {505, "HTTP Version Not Supported", "bad_data"},
});

const Status& status_of(int code) {
  const auto* const found = std::ranges::find(kStatuses, code, &Status::code);
  check(found != kStatuses.end(), "a status that is sent stands in the table");
  return *found;
}

}  // namespace

const std::string* Parameters::find(std::string_view name) const {
  for (const auto& [key, value] : pairs_)
    if (key == name) return &value;
  return nullptr;
}

std::string_view Parameters::value(std::string_view name) const {
  const std::string* found = find(name);
  return found == nullptr ? std::string_view() : *found;
}

std::vector<std::string> Parameters::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : pairs_)
    if (key == name) values.push_back(value);
  return values;
}

Response error_response(int status, std::string_view type, std::string_view text) {
  return {.status = status, .body = query::api_error_json(type, Error{.what = std::string(text)})};
}

Response error_response(int status, std::string_view text) {
  return error_response(status, status_of(status).type, text);
}

std::string_view reason_phrase(int status) { return status_of(status).reason; }

}  // namespace ullage::server
