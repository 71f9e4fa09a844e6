// SPDX-License-Identifier: Apache-2.0
#include "server/http_router.h"

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

bool is_place(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

std::optional<Parameters> match(const std::vector<std::string>& pattern,
                                const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Parameters parameters;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (is_place(pattern[i])) {
      if (path[i].empty()) return std::nullopt;
      parameters.add(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

}  // namespace

void Router::add(std::string_view methods, std::string_view pattern, Handler handler, Access access,
                 Admits admits) {
  check(pattern.starts_with('/'), "a pattern starts with '/'");
  Route route{.handler = std::move(handler), .access = access, .admits = std::move(admits)};
  while (!methods.empty()) route.methods.emplace_back(trim(take_until(methods, ',')));
  for (std::string_view rest = pattern.substr(1); !rest.empty();)
    route.pattern.emplace_back(take_until(rest, '/'));
  routes_.push_back(std::move(route));
}

Router::Found Router::find(std::string_view method, const std::vector<std::string>& path) const {
  Found found;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : routes_) {
    auto parameters = match(route.pattern, path);
    if (!parameters) continue;
    if (std::ranges::find(route.methods, wanted) != route.methods.end())
      return {.route = &route, .path_parameters = std::move(*parameters)};
    for (const std::string& allowed : route.methods)
      found.allowed += (found.allowed.empty() ? "" : ", ") + allowed;
  }
  return found;
}

}  // namespace ullage::server
