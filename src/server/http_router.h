// SPDX-License-Identifier: Apache-2.0
// The table of what is served: methods, a path pattern, a handler. HEAD goes where GET goes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_message.h"
#include "server/http_responder.h"

namespace ullage::server {

using Handler = std::function<void(const Request&, const Responder&)>;

// What answers without a token even where others need one: whether the program lives, and nothing else.
enum class Access { with_token, open };

// Whether a request brings something else that lets it in where a token is needed.
using Admits = std::function<bool(const Request&)>;

struct Route {
  std::vector<std::string> methods;
  std::vector<std::string> pattern;  // "{name}" takes any one segment
  Handler handler;
  Access access = Access::with_token;
  Admits admits = {};
};

class Router {
 public:
  // methods: "GET" or "GET, POST"; pattern: "/api/v1/label/{name}/values". The first that fits is taken.
  void add(std::string_view methods, std::string_view pattern, Handler handler,
           Access access = Access::with_token, Admits admits = {});

  struct Found {
    const Route* route = nullptr;  // valid until the next add()
    Parameters path_parameters = {};
    std::string allowed = {};  // methods of a path that is known, when the asked one is not among them
  };
  Found find(std::string_view method, const std::vector<std::string>& path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace ullage::server
