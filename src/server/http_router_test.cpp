// SPDX-License-Identifier: Apache-2.0
#include "server/http_router.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/http_message.h"
#include "server/http_responder.h"

namespace ullage::server {
namespace {

using Path = std::vector<std::string>;

TEST(Router, ASegmentInBracesTakesAnyOne) {
  Router router;
  router.add("GET, POST", "/label/{name}/values", [](const Request&, const Responder&) {});
  const auto found = router.find("POST", Path{"label", "job", "values"});
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.path_parameters.value("name"), "job");
  EXPECT_EQ(router.find("GET", Path{"label", "", "values"}).route, nullptr);
  EXPECT_EQ(router.find("GET", Path{"label", "job"}).route, nullptr);
  EXPECT_EQ(router.find("GET", Path{"label", "job", "values", ""}).route, nullptr);
}

TEST(Router, HeadGoesWhereGetGoesAndOthersAreToldWhatIsAllowed) {
  Router router;
  router.add("GET", "/", [](const Request&, const Responder&) {});
  router.add("GET, POST", "/a", [](const Request&, const Responder&) {});
  EXPECT_NE(router.find("HEAD", Path{}).route, nullptr);
  EXPECT_EQ(router.find("DELETE", Path{"a"}).route, nullptr);
  EXPECT_EQ(router.find("DELETE", Path{"a"}).allowed, "GET, POST");
  EXPECT_EQ(router.find("DELETE", Path{"b"}).allowed, "");
}

TEST(EventText, EachLineOfDataIsALine) {
  EXPECT_EQ(event_text("tick", "a\nb\r\n"), "event: tick\ndata: a\ndata: b\n\n");
  EXPECT_EQ(event_text("", ""), "data: \n\n");
}

}  // namespace
}  // namespace ullage::server
