// SPDX-License-Identifier: Apache-2.0
// Real clients on real sockets.
#include "sense/custom/push_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"
#include "sense/custom/pushed_values.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using namespace std::chrono_literals;

class Push : public ::testing::Test {
 protected:
  Result<PushServer> listen(const std::string& statsd = "") {
    return PushServer::listen(loop_, {.folder = folder_.folder(), .statsd_listen = statsd}, clock_);
  }
  // Runs the loop until so many lines were taken, good or bad; ten seconds at most.
  bool takes(PushServer& server, std::uint64_t lines) {
    bool is_late = false;
    const auto limit = loop_.after(10s, [&] {
      is_late = true;
      loop_.stop();
    });
    EventLoop::Handle next;
    const std::function<void()> look = [&] {
      const PushedCounts& counts = server.values().counts();
      if (counts.lines + counts.bad_lines >= lines) return loop_.stop();
      next = loop_.after(1ms, look);
    };
    look();
    loop_.run();
    return !is_late;
  }
  FileDescriptor client(int type, const std::string& name) const {
    FileDescriptor fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_.folder() + "/" + name;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
    return fd;
  }
  static void send_to(const FileDescriptor& fd, std::string_view text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }

  Fixture folder_;
  EventLoop loop_;
  SystemClock clock_;
};

TEST_F(Push, TakesLinesFromStreamsAndDatagrams) {
  auto server = listen();
  ASSERT_TRUE(server) << server.error().text();
  const FileDescriptor stream = client(SOCK_STREAM, "push.sock");
  send_to(stream, "gauge depth 3\njobs:1|c\nnonsense\n");
  const FileDescriptor datagrams = client(SOCK_DGRAM, "push-datagram.sock");
  send_to(datagrams, "jobs:2|c\njobs:3|c");
  send_to(datagrams, "counter rows_total 4");
  ASSERT_TRUE(takes(*server, 6));
  EXPECT_EQ(server->values().counts().lines, 5u);
  EXPECT_EQ(server->values().counts().bad_lines, 1u);
}

TEST_F(Push, SocketsAreOursAloneAndGoWithUs) {
  {
    auto server = listen();
    ASSERT_TRUE(server);
    for (const char* name : {"/push.sock", "/push-datagram.sock"}) {
      struct stat info{};
      ASSERT_EQ(::stat((folder_.folder() + name).c_str(), &info), 0);
      EXPECT_EQ(info.st_mode & 0777, 0600u);
    }
  }
  EXPECT_FALSE(file_exists(folder_.folder() + "/push.sock"));
  EXPECT_FALSE(file_exists(folder_.folder() + "/push-datagram.sock"));
}

TEST_F(Push, TakesStatsdOverUdp) {
  auto server = listen("127.0.0.1:0");
  ASSERT_TRUE(server) << server.error().text();
  const FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(server->statsd_port()));
  ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  send_to(fd, "requests:1|c|#code:200");
  ASSERT_TRUE(takes(*server, 1));
  EXPECT_EQ(server->values().counts().lines, 1u);
}

TEST_F(Push, ListensToThisMachineAlone) {
  for (const char* address : {"0.0.0.0:8125", "192.0.2.1:8125", "[::]:8125"}) {
    const auto server = listen(address);
    ASSERT_FALSE(server) << address;
    EXPECT_EQ(server.error().what, "other machines could send to it");
  }
  for (const char* address : {"localhost:8125", "8125", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999"}) {
    const auto server = listen(address);
    ASSERT_FALSE(server) << address;
    EXPECT_EQ(server.error().what, "not an address and a port");
  }
}

TEST_F(Push, DoesWithoutSocketsWhosePathIsTooLong) {
  const std::string folder = folder_.folder() + "/" + std::string(120, 'x');
  const auto server = PushServer::listen(loop_, {.folder = folder, .statsd_listen = "127.0.0.1:0"}, clock_);
  ASSERT_TRUE(server);
  EXPECT_NE(server->problem().find("the path is too long for a socket"), std::string::npos);
  EXPECT_NE(server->statsd_port(), 0);
}

// A flood is taken in part; the loop still turns, and goes on when the second is over.
TEST_F(Push, AFloodOfDatagramsLeavesTheLoopFree) {
  auto server = PushServer::listen(loop_, {.folder = folder_.folder(), .bytes_per_second = 1000}, clock_);
  ASSERT_TRUE(server);
  const FileDescriptor datagrams = client(SOCK_DGRAM, "push-datagram.sock");
  int sent = 0;
  while (::send(datagrams.get(), "jobs:2|c", 8, MSG_DONTWAIT) == 8 && sent < 1000) ++sent;
  ASSERT_GT(sent, 0);
  ASSERT_TRUE(takes(*server, static_cast<std::uint64_t>(std::min(sent, 200))));
}

}  // namespace
}  // namespace ullage::sense
