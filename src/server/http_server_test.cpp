// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/file.h"
#include "base/gzip.h"
#include "base/text.h"
#include "history/open_for_reading.h"
#include "server/http_message.h"
#include "server/http_responder.h"
#include "server/http_router.h"
#include "server/server_fixture.h"

namespace ullage::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

std::string numbers(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i * 7919) + "\n";
  return text;
}

// What the tests ask for: an echo, a page of a size, an answer that comes when it is told to.
class Pages {
 public:
  void fill(Router& router, EventLoop& loop) {
    router.add("GET, POST", "/echo/{word}", [](const Request& request, const Responder& respond) {
      respond({.content_type = "text/plain",
               .body = request.method + ' ' + std::string(request.path_parameters.value("word")) + ' ' +
                       std::string(request.parameters.value("a")) + ' ' + request.body});
    });
    router.add("GET", "/size/{bytes}", [](const Request& request, const Responder& respond) {
      respond({.content_type = "text/plain",
               .body = numbers(to_unsigned(request.path_parameters.value("bytes")).value_or(0))});
    });
    router.add("GET", "/later/{word}", [&loop](const Request& request, const Responder& respond) {
      loop.post([respond, word = std::string(request.path_parameters.value("word"))] {
        respond({.content_type = "text/plain", .body = word});
        respond({.body = "twice"});
      });
    });
    router.add("GET", "/never", [this](const Request&, const Responder& respond) {
      respond.on_gone([this] {
        ++gone;
        held.reset();
      });
      held.emplace(respond);
    });
    router.add("GET", "/forgotten", [](const Request&, const Responder&) {});
    router.add("GET", "/events", [this](const Request&, const Responder& respond) {
      respond.on_gone([this] {
        ++gone;
        stream.reset();
      });
      stream.emplace(respond.events());
    });
    router.add(
        "GET", "/open", [](const Request&, const Responder& respond) { respond({.body = "{}"}); },
        Access::open);
  }
  RunningServer::Fill filler() {
    return [this](Router& router, EventLoop& loop) { fill(router, loop); };
  }

  std::optional<Responder> held;
  std::optional<EventStream> stream;
  int gone = 0;
};

class Server : public testing::Test {
 protected:
  RunningServer& serve(ServerOptions options = {}) {
    running_ = std::make_unique<RunningServer>(pages_.filler(), std::move(options));
    return *running_;
  }
  void TearDown() override { running_.reset(); }

  Pages pages_;
  std::unique_ptr<RunningServer> running_;
};

TEST_F(Server, AnswersWithHeadersThatKeepABrowserFromGuessing) {
  RawClient client = serve().client();
  client.get("/echo/hello?a=b");
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET hello b ");
  EXPECT_EQ(answer.header("Content-Type"), "text/plain");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.header("Content-Security-Policy"), kStrictPolicy);
  EXPECT_EQ(answer.header("Cross-Origin-Resource-Policy"), "same-origin");
  EXPECT_THAT(answer.header("Date"), testing::MatchesRegex("..., .. ... .... ..:..:.. GMT"));
}

TEST_F(Server, KeepsAConnectionAndAnswersWhatCameAtOnceInOrder) {
  RawClient client = serve().client();
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += "GET /" + std::string(i % 3 == 0 ? "later" : "echo") + "/" + std::to_string(i) +
           " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(all);
  for (int i = 0; i < 100; ++i) EXPECT_THAT(client.read().body, HasSubstr(std::to_string(i))) << i;
  client.get("/echo/last", "Connection: close\r\n");
  EXPECT_EQ(client.read().header("Connection"), "close");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Server, AnswersAllThatCameFromOneWhoThenSaidNoMore) {
  RawClient client = serve().client();
  for (int i = 0; i < 40; ++i) client.get("/echo/x");
  client.finish_sending();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(client.read().status, 200) << i;
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Server, HeadHasTheLengthAndNoBody) {
  RawClient client = serve().client();
  client.send("HEAD /size/5000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.get("/echo/next");
  EXPECT_EQ(client.read(false).header("Content-Length"), std::to_string(numbers(5000).size()));
  EXPECT_EQ(client.read().body, "GET next  ");
}

TEST_F(Server, PacksForThoseWhoTakeIt) {
  RawClient client = serve().client();
  for (const std::size_t size : {2'000u, 500'000u}) {
    client.get("/size/" + std::to_string(size), "Accept-Encoding: gzip\r\n");
    const auto answer = client.read();
    EXPECT_EQ(answer.header("Content-Encoding"), "gzip");
    EXPECT_EQ(gunzip(answer.body), numbers(size));
    EXPECT_THAT(answer.header("Vary"), HasSubstr("Accept-Encoding"));
  }
  client.get("/size/500", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(client.read().header("Content-Encoding"), "") << "too small to be worth it";
  client.get("/size/2000");
  EXPECT_EQ(client.read().body, numbers(2000));
}

TEST_F(Server, SendsAPageLargerThanAllBuffers) {
  RawClient client = serve().client();
  client.get("/size/30000000");
  EXPECT_EQ(client.read().body, numbers(30'000'000));
}

TEST_F(Server, TakesAPostedFormAndABodyThatWaitsForAWord) {
  RawClient client = serve().client();
  client.send(
      "POST /echo/x?a=query HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 6\r\n"
      "Content-Type: application/x-www-form-urlencoded\r\n\r\n");
  EXPECT_EQ(client.read().status, 100);
  client.send("a=form");
  EXPECT_EQ(client.read().body, "POST x form a=form");
}

TEST_F(Server, SaysWhatIsNotThere) {
  RawClient client = serve().client();
  client.get("/nothing");
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, R"({"status":"error","errorType":"not_found","error":"there is no such page"})");
  RawClient other = running_->client();
  other.send("DELETE /echo/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(other.read().header("Allow"), "GET, POST");
}

TEST_F(Server, AHandlerThatForgetsItsClientIsAnsweredFor) {
  RawClient client = serve().client();
  client.get("/forgotten");
  EXPECT_EQ(client.read().status, 500);
}

TEST_F(Server, TellsAHandlerWhoseClientIsGone) {
  RawClient client = serve().client();
  client.get("/never");
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.requests == 1; }));
  EXPECT_FALSE(running_->on_loop([this] { return pages_.held->is_gone(); }));
  client.close();
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.connections == 0; }));
  EXPECT_EQ(running_->on_loop([this] { return pages_.gone; }), 1);
}

TEST_F(Server, AnswersThatComeTooLateGoNowhere) {
  RawClient client = serve().client();
  client.get("/never");
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.requests == 1; }));
  const auto kept = running_->on_loop([this] { return *pages_.held; });
  client.close();
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.connections == 0; }));
  running_->on_loop([&] { return kept({.body = "{}"}), 0; });
}

TEST_F(Server, StreamsEventsUntilTheClientGoes) {
  RawClient client = serve({.limits = {.heartbeat = milliseconds(200)}}).client();
  client.get("/events");
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream"));
  EXPECT_TRUE(running_->on_loop([this] { return pages_.stream->send("tick", "1\n2"); }));
  EXPECT_EQ(client.read_until("\n\n"), "event: tick\ndata: 1\ndata: 2\n\n");
  EXPECT_EQ(client.read_until("\n\n"), ":\n\n") << "a heartbeat";
  client.close();
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.connections == 0; }));
  EXPECT_EQ(running_->on_loop([this] { return pages_.gone; }), 1);
}

TEST_F(Server, EndsAStreamWhoseHandlerIsDone) {
  RawClient client = serve().client();
  client.get("/events");
  client.read_until("\r\n\r\n");
  running_->on_loop([this] { return pages_.stream->send("", "last"), pages_.stream.reset(), 0; });
  EXPECT_EQ(client.read_until("\n\n"), "data: last\n\n");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Server, DropsAListenerWhoDoesNotKeepUp) {
  RawClient client = serve({.limits = {.event_bytes_max = 100'000}}).client();
  client.get("/events");
  client.read_until("\r\n\r\n");
  const std::string data(50'000, 'x');
  const bool was_dropped = running_->on_loop([&] {
    for (int i = 0; i < 1000; ++i)
      if (!pages_.stream || !pages_.stream->send("", data)) return true;
    return false;
  });
  EXPECT_TRUE(was_dropped);
  EXPECT_EQ(running_->counts().dropped, 1u);
}

TEST_F(Server, SlowClientsAreDropped) {
  serve({.limits = {.head_timeout = milliseconds(150),
                    .body_timeout = milliseconds(150),
                    .idle_timeout = milliseconds(150)}});
  RawClient of_head = running_->client(), of_body = running_->client(), idle = running_->client();
  of_head.send("GET / HTTP/1.1\r\nHost: ");
  of_body.send("POST /echo/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_EQ(of_head.read().status, 408);
  EXPECT_EQ(of_body.read().status, 408);
  EXPECT_TRUE(of_head.is_closed());
  EXPECT_TRUE(of_body.is_closed());
  EXPECT_TRUE(idle.is_closed());
  EXPECT_EQ(running_->counts().timed_out, 2u);
}

TEST_F(Server, AClientThatDoesNotReadIsDropped) {
  RawClient client = serve({.limits = {.write_timeout = milliseconds(150)}}).client();
  client.get("/size/30000000");
  EXPECT_TRUE(running_->wait_for(
      [](const ServerCounts& counts) { return counts.timed_out == 1 && counts.connections == 0; }));
}

TEST_F(Server, IdleClientsMakeRoomForNewOnes) {
  serve({.limits = {.connections_max = 4}});
  std::vector<RawClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(running_->client());
    clients.back().get("/echo/x");
    EXPECT_EQ(clients.back().read().status, 200);
  }
  RawClient fifth = running_->client();
  fifth.get("/echo/x");
  EXPECT_EQ(fifth.read().status, 200);
  EXPECT_TRUE(clients[0].is_closed()) << "the longest idle";
  clients[1].get("/echo/x");
  EXPECT_EQ(clients[1].read().status, 200);
}

TEST_F(Server, WaitsForRoomWhenAllAreAtWork) {
  serve({.limits = {.connections_max = 1}});
  RawClient busy = running_->client();
  busy.get("/never");
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.requests == 1; }));
  RawClient next = running_->client();
  next.get("/echo/x");
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.unaccepted > 0; }));
  busy.close();
  EXPECT_EQ(next.read().status, 200);
}

TEST_F(Server, GoesOnWhenThereAreNoDescriptorsLeft) {
  serve();
  RawClient first = running_->client();
  first.get("/never");
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.requests == 1; }));
  RawClient second = running_->client();  // its own end, before the last descriptor is taken
  second.get("/echo/x");  // to look at a type for the first time, UBSan wants descriptors, too
  EXPECT_EQ(second.read().status, 200);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  RawClient third = running_->client();
  ASSERT_TRUE(running_->wait_for([](const ServerCounts& counts) { return counts.connections == 3; }));
  // From here on the process has none to give.
  std::vector<FileDescriptor> all;
  rlimit few = before;
  few.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const int for_client = ::dup(0);
  while (true) {
    FileDescriptor taken(::dup(0));
    if (!taken.is_open()) break;
    all.push_back(std::move(taken));
  }
  ::close(for_client);
  RawClient waiting = running_->client();  // takes the last one; idle ones make room for it
  waiting.get("/echo/x");
  EXPECT_EQ(waiting.read().status, 200);
  all.clear();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_GE(running_->counts().dropped, 1u);
}

TEST_F(Server, AUnixSocketIsForItsOwner) {
  auto folder = history::ScratchFolder::make();
  ASSERT_TRUE(folder);
  const std::string path = folder->path() + "/ullage.sock";
  serve({.socket = path, .token = "not a secret"});
  struct stat info;
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  RawClient client(path);
  client.send("GET /echo/x HTTP/1.1\r\nHost: whatever\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
  EventLoop loop;
  const SystemClock clock;
  const auto second = HttpServer::listen(loop, clock, {.socket = path}, Router());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text(), HasSubstr("another server listens there"));
  running_.reset();
  EXPECT_FALSE(file_exists(path));
}

TEST_F(Server, TakesOverTheSocketOfAServerThatWasKilled) {
  auto folder = history::ScratchFolder::make();
  ASSERT_TRUE(folder);
  const std::string path = folder->path() + "/ullage.sock";
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    const FileDescriptor left(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(left.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  serve({.socket = path});
  RawClient client(path);
  client.get("/echo/x");
  EXPECT_EQ(client.read().status, 200);
}

TEST_F(Server, DoesNotListenWhereOthersReachItWithoutAToken) {
  EventLoop loop;
  const SystemClock clock;
  for (const std::string address : {"0.0.0.0:0", "[::]:0"}) {
    const auto open = HttpServer::listen(loop, clock, {.listen = {address}}, Router());
    ASSERT_FALSE(open) << address;
    EXPECT_THAT(open.error().text(), HasSubstr("server.token_file"));
  }
  EXPECT_TRUE(HttpServer::listen(loop, clock, {.listen = {"0.0.0.0:0"}, .token = "not a secret"}, Router()));
  const auto taken =
      HttpServer::listen(loop, clock, {.listen = {"127.0.0.1:" + std::to_string(serve().port)}}, Router());
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().text(), HasSubstr("in use"));
  EXPECT_THAT(taken.error().text(), HasSubstr("--listen or server.listen"));
}

TEST_F(Server, AsksForTheTokenAndForAKnownName) {
  serve({.token = "not a secret"});
  const auto status = [&](std::string_view target, std::string_view headers) {
    RawClient client = running_->client();
    client.send("GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(headers) + "\r\n");
    return client.read().status;
  };
  EXPECT_EQ(status("/echo/x", "Host: localhost\r\nAuthorization: Bearer not a secret\r\n"), 200);
  EXPECT_EQ(status("/echo/x", "Host: localhost\r\n"), 401);
  EXPECT_EQ(status("/nothing", "Host: localhost\r\n"), 401) << "what there is is nobody's business";
  EXPECT_EQ(status("/open", "Host: localhost\r\n"), 200);
  EXPECT_EQ(status("/open", "Host: evil.org\r\n"), 403);
  EXPECT_EQ(status("http://evil.org/open", "Host: localhost\r\n"), 403) << "the target's own host counts";
  EXPECT_EQ(running_->counts().refused, 4u);
}

}  // namespace
}  // namespace ullage::server
