// SPDX-License-Identifier: Apache-2.0
#include "server/http_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "server/http_message.h"

namespace ullage::server {

namespace {

enum class Plus { is_blank, is_itself };

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

bool is_fit_for_a_path(std::string_view segment) {
  return segment != "." && segment != ".." && std::ranges::none_of(segment, [](char c) {
           return c == '/' || c == '\\' || c == 0x7F || static_cast<unsigned char>(c) < 0x20;
         });
}

Result<std::vector<std::string>> parse_path(std::string_view text) {
  std::vector<std::string> path;
  std::string_view rest = text.substr(1);
  if (rest.empty()) return path;
  for (bool is_last = false; !is_last;) {
    is_last = rest.find('/') == std::string_view::npos;
    auto segment = decoded(take_until(rest, '/'), Plus::is_itself);
    if (!segment) return fail("a path with a broken %-escape");
    if (!is_fit_for_a_path(*segment))
      return fail("a path with '..', an encoded slash or a control byte in it");
    path.push_back(std::move(*segment));
  }
  return path;
}

}  // namespace

Result<Parameters> parse_form(std::string_view text) {
  Parameters parameters;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view value = take_until(rest, '&');
    if (value.empty()) continue;
    if (parameters.pairs().size() == kParametersMax)
      return fail(fmt::format("more than {} parameters", kParametersMax));
    // As in Go: some take it for a separator, others do not.
    if (value.find(';') != std::string_view::npos) return fail("a ';' among the parameters; write %3B");
    const std::string_view key = take_until(value, '=');
    auto decoded_key = decoded(key, Plus::is_blank), decoded_value = decoded(value, Plus::is_blank);
    if (!decoded_key || !decoded_value) return fail("a parameter with a broken %-escape");
    parameters.add(std::move(*decoded_key), std::move(*decoded_value));
  }
  return parameters;
}

Result<Target> parse_target(std::string_view text) {
  if (std::ranges::any_of(text, [](char c) { return c <= 0x20 || c >= 0x7F || c == '#'; }))
    return fail("a request target with bytes that must be written as %XX");
  Target target;
  if (text.starts_with("http://") || text.starts_with("https://")) {
    text.remove_prefix(text.find("//") + 2);
    const std::string_view authority = text.substr(0, text.find_first_of("/?"));
    if (authority.empty() || authority.find('@') != std::string_view::npos)
      return fail("a request target without a host");
    target.authority = authority;
    text.remove_prefix(authority.size());
    if (text.empty() || text[0] == '?') return fail("a request target without a path");
  }
  if (!text.starts_with('/')) return fail("a request target that does not start with '/'");
  auto path = parse_path(take_until(text, '?'));
  if (!path) return pass_on(path);
  target.path = std::move(*path);
  auto query = parse_form(text);
  if (!query) return pass_on(query);
  target.query = std::move(*query);
  return target;
}

}  // namespace ullage::server
