// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "base/file.h"

namespace ullage::daemon {
namespace {

// The socket of a service manager, as an abstract one.
class Notified {
 public:
  Notified() {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::ranges::copy(name_, at.sun_path + 1);
    socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size())),
              0);
  }
  std::string address() const { return "@" + name_; }
  std::string next() {
    std::array<char, 1000> buffer{};
    const auto size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  std::string name_ = "ullage-test-" + std::to_string(::getpid());
  FileDescriptor socket_;
};

TEST(ServiceManager, IsToldWhatBecomesOfUs) {
  Notified notified;
  const ServiceManager manager({{"NOTIFY_SOCKET", notified.address()}}, 1);
  manager.ready("watching at 127.0.0.1:9850");
  EXPECT_EQ(notified.next(), "READY=1\nSTATUS=watching at 127.0.0.1:9850\n");
  manager.reloading(std::chrono::seconds(2));
  EXPECT_EQ(notified.next(), "RELOADING=1\nMONOTONIC_USEC=2000000\n");
  manager.alive();
  EXPECT_EQ(notified.next(), "WATCHDOG=1\n");
  manager.stopping();
  EXPECT_EQ(notified.next(), "STOPPING=1\n");
}

TEST(ServiceManager, WantsToHearFromUsTwiceInItsPatience) {
  const Notified notified;
  const auto interval = [&](const char* usec, const char* pid) {
    return ServiceManager(
               {{"NOTIFY_SOCKET", notified.address()}, {"WATCHDOG_USEC", usec}, {"WATCHDOG_PID", pid}}, 7)
        .watchdog_interval();
  };
  EXPECT_EQ(interval("3000000", "7"), std::chrono::milliseconds(1500));
  EXPECT_EQ(interval("3000000", "8"), std::nullopt);  // it means somebody else
  EXPECT_EQ(interval("soon", "7"), std::nullopt);
}

TEST(ServiceManager, IsNotMissedWhereThereIsNone) {
  const ServiceManager manager({}, 1);
  manager.ready("");
  EXPECT_EQ(manager.watchdog_interval(), std::nullopt);
  ServiceManager({{"NOTIFY_SOCKET", "/nobody/listens/here"}}, 1).ready("");
}

}  // namespace
}  // namespace ullage::daemon
