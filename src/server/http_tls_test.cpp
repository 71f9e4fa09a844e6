// SPDX-License-Identifier: Apache-2.0
// The server within TLS, asked by libcurl and by clients that do it wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_client.h"
#include "base/result.h"
#include "base/text.h"
#include "server/http_message.h"
#include "server/http_responder.h"
#include "server/http_router.h"
#include "server/http_server.h"
#include "server/server_fixture.h"
#include "server/tls_fixture.h"

namespace ullage::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class Tls : public testing::Test {
 protected:
  Tls() { std::signal(SIGPIPE, SIG_IGN); }  // as the daemon does

  ServerOptions options() const {
    return {
        .listen = {"127.0.0.1:0"},
        .tls = {.cert_file = certificates_.path("server.pem"), .key_file = certificates_.path("server.key")}};
  }
  ServerOptions with_clients_certificates() const {
    ServerOptions made = options();
    made.tls.client_ca_file = certificates_.path("authority.pem");
    return made;
  }
  RunningServer& serve(ServerOptions with) {
    running_.emplace(
        [this](Router& router, EventLoop&) {
          router.add("GET, POST", "/echo", [](const Request& request, const Responder& respond) {
            respond({.content_type = "text/plain", .body = request.body + '.'});
          });
          router.add("GET", "/size/{bytes}", [](const Request& request, const Responder& respond) {
            const std::size_t bytes = to_unsigned(request.path_parameters.value("bytes")).value_or(0);
            respond({.content_type = "image/png", .body = std::string(bytes, 'x')});
          });
          router.add("GET", "/events", [this](const Request&, const Responder& respond) {
            stream_.emplace(respond.events());
            for (int i = 0; i < 3; ++i) stream_->send("tick", std::to_string(i));
            stream_->end();
          });
        },
        std::move(with));
    return *running_;
  }
  Result<HttpAnswer> ask(const std::string& path, const HttpTls& tls, const std::string& body = "") {
    auto client = HttpClient::create({.tls = tls, .timeout = milliseconds(10'000), .asks_directly = true});
    if (!client) return pass_on(client);
    const std::string url = "https://127.0.0.1:" + std::to_string(running_->port) + path;
    return client->send({.url = url, .body = body});
  }
  HttpTls trusting() const { return {.ca_file = certificates_.path("authority.pem")}; }
  HttpTls known() const {
    return {.ca_file = certificates_.path("authority.pem"),
            .cert_file = certificates_.path("client.pem"),
            .key_file = certificates_.path("client.key")};
  }

  Certificates certificates_;
  std::optional<EventStream> stream_;
  std::optional<RunningServer> running_;
};

TEST_F(Tls, CarriesRequestsAndAnswersOfAllSizes) {
  serve(options());
  const auto small = ask("/echo", trusting());
  ASSERT_TRUE(small) << small.error().text();
  EXPECT_EQ(small->status, 200);
  const std::string large(1'000'000, 'y');
  const auto echoed = ask("/echo", trusting(), large);
  ASSERT_TRUE(echoed) << echoed.error().text();
  EXPECT_EQ(echoed->body, large + '.');
  for (const std::size_t bytes : {0u, 1u, 16'000u, 16'384u, 20'000'000u}) {
    const auto answer = ask("/size/" + std::to_string(bytes), trusting());
    ASSERT_TRUE(answer) << bytes << answer.error().text();
    EXPECT_EQ(answer->body, std::string(bytes, 'x'));
  }
  const auto events = ask("/events", trusting());
  ASSERT_TRUE(events) << events.error().text();
  EXPECT_THAT(events->body, HasSubstr("data: 2"));
}

TEST_F(Tls, IsNotTrustedByWhoDoesNotKnowTheAuthority) {
  serve(options());
  certificates_.authority("stranger");
  const auto answer = ask("/echo", {.ca_file = certificates_.path("stranger.pem")});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text(), HasSubstr("certificate"));
  EXPECT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.failed_greetings == 1; }));
}

TEST_F(Tls, LetsInOnlyClientsWithACertificateWhereThoseAreAskedFor) {
  serve(with_clients_certificates());
  EXPECT_FALSE(ask("/echo", trusting()));
  certificates_.authority("stranger");
  certificates_.signed_by("stranger", "impostor", "extendedKeyUsage=clientAuth");
  HttpTls impostor = trusting();
  impostor.cert_file = certificates_.path("impostor.pem");
  impostor.key_file = certificates_.path("impostor.key");
  EXPECT_FALSE(ask("/echo", impostor));
  const auto answer = ask("/echo", known());
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, ".");
  EXPECT_EQ(running_->counts().requests, 1u);
}

TEST_F(Tls, TellsAClientThatSpeaksPlainly) {
  RawClient client = serve(options()).client();
  client.get("/echo");
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("https://"));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Tls, DropsClientsThatDoNotFinishTheGreeting) {
  ServerOptions hasty = options();
  hasty.limits.head_timeout = milliseconds(300);
  RunningServer& server = serve(hasty);
  RawClient silent = server.client(), halting = server.client(), noisy = server.client();
  halting.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));  // how a greeting begins
  noisy.send("\x01\x02nonsense that is neither");
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(halting.is_closed());
  noisy.read_until("never");
  EXPECT_TRUE(server.wait_for([](const ServerCounts& counts) {
    return counts.connections == 0 && counts.timed_out == 2 && counts.failed_greetings == 1;
  }));
}

TEST_F(Tls, LeavesTheUnixSocketAsItIs) {
  ServerOptions with_socket = with_clients_certificates();
  with_socket.socket = certificates_.path("sock");
  serve(with_socket);
  RawClient client(with_socket.socket);
  client.get("/echo");
  EXPECT_EQ(client.read().status, 200);
}

TEST_F(Tls, TakesNewCertificatesForNewConnectionsAndKeepsTheOldOnesWhenTheyAreWrong) {
  serve(options());
  ASSERT_TRUE(ask("/echo", trusting()));
  certificates_.authority("successor");
  certificates_.signed_by("successor", "renewed", "subjectAltName=IP:127.0.0.1");
  ServerOptions renewed = options();
  renewed.tls.cert_file = certificates_.path("renewed.pem");
  const auto renew = [&] {
    const auto renewal = running_->server->renewal(renewed);
    if (renewal) (*renewal)();
    return renewal.has_value();
  };
  ASSERT_FALSE(running_->on_loop(renew)) << "the key is still the old one's";
  EXPECT_TRUE(ask("/echo", trusting()));
  renewed.tls.key_file = certificates_.path("renewed.key");
  ASSERT_TRUE(running_->on_loop(renew));
  EXPECT_FALSE(ask("/echo", trusting()));
  EXPECT_TRUE(ask("/echo", {.ca_file = certificates_.path("successor.pem")}));
}

TEST_F(Tls, OpensAnAddressThatOthersCanReachToClientsWithACertificate) {
  EventLoop loop;
  const SystemClock clock;
  ServerOptions reachable = options();
  reachable.listen = {"0.0.0.0:0"};
  const auto refused = HttpServer::listen(loop, clock, reachable, Router());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("server.tls.client_ca_file"));
  reachable.tls.client_ca_file = certificates_.path("authority.pem");
  const auto guarded = HttpServer::listen(loop, clock, reachable, Router());
  ASSERT_TRUE(guarded) << guarded.error().text();
  EXPECT_THAT(guarded->urls(), testing::ElementsAre(testing::StartsWith("https://0.0.0.0:")));
  EXPECT_THAT(guarded->warnings(), testing::IsEmpty());
  const auto plain =
      HttpServer::listen(loop, clock, {.listen = {"0.0.0.0:0"}, .token = std::string(32, 't')}, Router());
  ASSERT_TRUE(plain) << plain.error().text();
  EXPECT_THAT(plain->warnings(), testing::ElementsAre(HasSubstr("unencrypted")));
}

}  // namespace
}  // namespace ullage::server
