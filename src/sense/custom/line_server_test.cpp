// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/line_server.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"
#include "base/sanitizer.h"
#include "sense/custom/line_protocol.h"

namespace ullage::sense {
namespace {

using namespace std::chrono_literals;

class LineServerTest : public testing::Test {
 protected:
  std::string folder_ = make_folder();
  EventLoop loop_;
  std::vector<std::string> lines_, bad_;
  std::size_t stop_at_ = 0;  // lines, good and bad

  ~LineServerTest() override { std::filesystem::remove_all(folder_); }

  static std::string make_folder() {
    std::string name = testing::TempDir() + "/lines-XXXXXX";
    return ::mkdtemp(name.data());
  }
  LineServerOptions options() const { return {.path = folder_ + "/s"}; }
  LineServer serve(LineServerOptions options) {
    auto server = LineServer::listen(
        loop_, std::move(options),
        [this](const Line& line) {
          lines_.push_back(format_line(line));
          stop_when_enough();
        },
        [this](const Error& error) {
          bad_.push_back(error.text());
          stop_when_enough();
        });
    EXPECT_TRUE(server) << server.error().text();
    return *std::move(server);
  }
  void stop_when_enough() {
    if (lines_.size() + bad_.size() == stop_at_) loop_.stop();
  }
  // Runs the loop until that many lines, good and bad, have come (or five seconds have passed).
  void run_until(std::size_t lines) {
    stop_at_ = lines;
    if (lines_.size() + bad_.size() >= lines) return;
    const auto too_long = loop_.after(5s, [this] { loop_.stop(); });
    loop_.run();
  }
  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }
  static FileDescriptor connect_to(const std::string& path) {
    FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of(path);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  static void send(const FileDescriptor& fd, std::string_view text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
};

TEST_F(LineServerTest, ReadsTheLinesOfManyClients) {
  const LineServer server = serve(options());
  const auto first = connect_to(server.path()), second = connect_to(server.path());
  send(first, "phase load begin\ngauge a 1");
  send(second, "event hello\n");
  send(first, " k=v\n");
  run_until(3);
  std::ranges::sort(lines_);
  EXPECT_EQ(lines_, (std::vector<std::string>{"event hello", "gauge a 1 k=v", "phase load begin"}));
  EXPECT_EQ(server.counts().clients, 2u);
}

TEST_F(LineServerTest, OnlyItsUserMayConnectAndItsNameGoesWithIt) {
  struct stat info;
  {
    const LineServer server = serve(options());
    ASSERT_EQ(::stat(server.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
  }
  EXPECT_NE(::stat((folder_ + "/s").c_str(), &info), 0);
}

TEST_F(LineServerTest, APathTooLongForASocketGetsAShortPrivateOne) {
  LineServerOptions wanted = options();
  wanted.path = folder_ + "/" + std::string(120, 'x');
  wanted.short_folder = folder_;
  std::string path;
  {
    const LineServer server = serve(wanted);
    path = server.path();
    struct stat info;
    ASSERT_EQ(::stat(std::filesystem::path(path).parent_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    send(connect_to(path), "event short\n");
    run_until(1);
    EXPECT_EQ(lines_, (std::vector<std::string>{"event short"}));
  }
  EXPECT_FALSE(file_exists(std::filesystem::path(path).parent_path()));
}

TEST_F(LineServerTest, ASocketLeftBehindIsReplacedALivingOneIsNot) {
  const auto left = [&] {  // bound, never to be listened on again
    FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    const sockaddr_un address = address_of(folder_ + "/s");
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  };
  left();
  const LineServer server = serve(options());
  const auto second = LineServer::listen(loop_, options(), [](const Line&) {}, nullptr);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text(), folder_ + "/s: cannot listen: Address already in use");
}

TEST_F(LineServerTest, ALineTooLongIsOneBadLine) {
  const LineServer server = serve(options());
  const auto client = connect_to(server.path());
  send(client, "event " + std::string(20'000, 'x') + "\nevent after\n");
  run_until(2);
  EXPECT_EQ(bad_, (std::vector<std::string>{"column 4097: the line is too long; at most 4096 bytes"}));
  EXPECT_EQ(lines_, (std::vector<std::string>{"event after"}));
}

TEST_F(LineServerTest, AClientThatWritesOnlyNonsenseIsDropped) {
  LineServerOptions few = options();
  few.bad_line_limit = 3;
  LineServer server = serve(few);
  const auto client = connect_to(server.path());
  send(client, "a\nb\nc\nd\n");
  run_until(4);
  send(connect_to(server.path()), "event good\n");
  run_until(5);
  EXPECT_EQ(server.counts().dropped_clients, 1u);
  EXPECT_EQ(server.counts().bad_lines, 4u);
  EXPECT_EQ(lines_, (std::vector<std::string>{"event good"}));
  EXPECT_LT(::send(client.get(), "x", 1, MSG_NOSIGNAL), 0);
}

TEST_F(LineServerTest, ClientsBeyondTheLimitAreTurnedAway) {
  LineServerOptions one = options();
  one.client_limit = 1;
  const LineServer server = serve(one);
  const auto first = connect_to(server.path()), second = connect_to(server.path());
  send(first, "event first\n");
  run_until(1);
  EXPECT_EQ(server.counts().refused_clients, 1u);
}

// The listener stays readable then, and the loop spun.
TEST_F(LineServerTest, WithoutADescriptorForAClientItRestsAndTakesTheClientLater) {
  if (kUnderUndefinedBehaviorSanitizer) GTEST_SKIP() << "UBSan itself needs descriptors";
  const LineServer server = serve(options());
  const auto client = connect_to(server.path());
  send(client, "event at last\n");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(client.get());
  ::close(next);
  const rlimit none_left{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  const auto enough = loop_.after(50ms, [this] { loop_.stop(); });
  loop_.run();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(server.counts().rests, 1u);
  run_until(1);
  EXPECT_EQ(lines_, (std::vector<std::string>{"event at last"}));
}

TEST_F(LineServerTest, AClientThatWritesTooFastIsHeldBackNotLost) {
  LineServerOptions slow = options();
  slow.bytes_per_second = 20;
  LineServer server = serve(slow);
  const auto client = connect_to(server.path());
  send(client, "event one two three\n");
  run_until(1);
  EXPECT_EQ(server.counts().held_back, 1u);
  send(client, "event later\n");
  server.finish();
  EXPECT_EQ(lines_.back(), "event later");
}

TEST_F(LineServerTest, FinishReadsWhatClientsLeftBehind) {
  LineServer server = serve(options());
  {
    const auto client = connect_to(server.path());
    send(client, "phase load begin\nphase load end");  // and is gone, without the last line's end
  }
  server.finish();
  EXPECT_EQ(lines_, (std::vector<std::string>{"phase load begin", "phase load end"}));
}

}  // namespace
}  // namespace ullage::sense
