// SPDX-License-Identifier: Apache-2.0
#include "server/web_page.h"

#include <string>
#include <string_view>

#include "base/gzip.h"
#include "base/result.h"
#include "server/http_message.h"
#include "server/http_packing.h"
#include "server/http_responder.h"
#include "server/http_router.h"
#include "server/ullage_v1.h"

namespace ullage::server {

void add_page(Router& router, std::string_view path, std::string_view packed, Access access) {
  const auto page = gunzip(packed);
  check(page.has_value(), "the page that was built in can be unpacked");
  const std::string policy = policy_of_page(*page);
  const auto answer = [packed, policy](const Request& request, const Responder& respond) {
    Response response{.content_type = "text/html; charset=utf-8",
                      .headers = {{"Cache-Control", "no-cache"}},
                      .content_security_policy = policy};
    if (accepts_gzip(request.headers.value("accept-encoding"))) {
      response.headers.emplace_back("Content-Encoding", "gzip");
      response.body = std::string(packed);
    } else {
      response.body = gunzip(packed).value_or("");
    }
    respond(response);
  };
  router.add("GET", path, answer, access);
}

}  // namespace ullage::server
