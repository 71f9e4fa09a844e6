// SPDX-License-Identifier: Apache-2.0
// The target of a request, its query string, and posted forms: text of strangers to plain values. Pure. What
// could mean two things to two programs is refused: "..", an encoded slash, a broken %-escape, control bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http_message.h"

namespace ullage::server {

constexpr std::size_t kParametersMax = 2'000;

struct Target {
  std::string authority;          // host and port of the absolute form; else empty
  std::vector<std::string> path;  // decoded segments; empty for "/"
  Parameters query;
};

Result<Target> parse_target(std::string_view text);
// a=b&c=d, with + and %XX: application/x-www-form-urlencoded.
Result<Parameters> parse_form(std::string_view text);

}  // namespace ullage::server
