// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/push_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "sense/custom/line_server.h"
#include "sense/custom/pushed_values.h"

namespace ullage::sense {

namespace {

constexpr int kDatagramsAtOnce = 64;  // so that none who sends starves the loop
constexpr std::chrono::milliseconds kPause(100);
constexpr int kReceiveBytes = 1 << 20;

template <class Address>
Result<void> bind_to(int fd, const Address& address, socklen_t size, const std::string& where) {
  // bind(2) takes every address as a sockaddr.
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0) return {};
  return fail_errno("cannot listen", where, errno);
}

Result<FileDescriptor> datagram_socket(int family) {
  FileDescriptor fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail_errno("cannot make a socket", "", errno);
  // Best as much as the system allows: a burst lies here between two looks.
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
  return fd;
}

Result<FileDescriptor> listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail("the path is too long for a socket", path);
  std::memcpy(address.sun_path, path.data(), path.size());
  auto fd = datagram_socket(AF_UNIX);
  if (!fd) return fd;
  if (::fchmod(fd->get(), 0600) != 0) return fail_errno("cannot close the socket to others", path, errno);
  // The state directory is one daemon's: a socket that lies there is of one that was killed.
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) ::unlink(path.c_str());
  if (auto bound = bind_to(fd->get(), address, sizeof address, path); !bound) return pass_on(bound);
  return fd;
}

// UDP knows no token and no name: it is for this machine alone.
Result<FileDescriptor> listen_udp(const std::string& text) {
  const std::string where = "daemon.statsd_listen " + text;
  const std::string hint = "it reads as 127.0.0.1:8125 or [::1]:8125";
  const std::size_t colon = text.rfind(':');
  const auto port =
      to_unsigned(std::string_view(text).substr(colon == std::string::npos ? text.size() : colon + 1));
  if (!port || *port > 65535) return fail("not an address and a port", where, hint);
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v4 = ::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1)
    return fail("not an address and a port", where, hint);
  const bool is_loopback =
      is_v4 ? (ntohl(v4.sin_addr.s_addr) >> 24) == 127 : IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
  if (!is_loopback) return fail("other machines could send to it", where, hint);
  auto fd = datagram_socket(is_v4 ? AF_INET : AF_INET6);
  if (!fd) return fd;
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<std::uint16_t>(*port));
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  auto bound = is_v4 ? bind_to(fd->get(), v4, sizeof v4, where) : bind_to(fd->get(), v6, sizeof v6, where);
  if (!bound) return pass_on(bound);
  return fd;
}

}  // namespace

struct PushServer::Impl {
  struct Datagrams {
    FileDescriptor socket;
    EventLoop::Handle watch, pause;
    std::chrono::nanoseconds second_begin{0};
    std::size_t taken = 0;  // bytes, in this second
  };

  Impl(EventLoop& the_loop, const PushOptions& the_options, const Clock& the_clock)
      : loop(the_loop), options(the_options), clock(the_clock), values(the_options.series_max) {}
  ~Impl() {
    if (!datagram_path.empty()) ::unlink(datagram_path.c_str());
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> listen() {
    if (!options.statsd_listen.empty()) {
      auto udp = listen_udp(options.statsd_listen);
      if (!udp) return pass_on(udp);
      watch(statsd, *std::move(udp));
    }
    if (!options.folder.empty())
      if (const auto listening = listen_in_folder(); !listening) problem = listening.error().text();
    return {};
  }

  Result<void> listen_in_folder() {
    const std::string path = options.folder + "/push-datagram.sock";
    auto datagrams = listen_unix(path);  // of the two, the longer path
    if (!datagrams) return pass_on(datagrams);
    datagram_path = path;
    watch(local, *std::move(datagrams));
    auto lines = LineServer::listen(
        loop, {.path = options.folder + "/push.sock", .bytes_per_second = options.bytes_per_second},
        [this](std::string_view line) { return values.take(line, clock.monotonic()); });
    if (!lines) return pass_on(lines);
    stream = *std::move(lines);
    return {};
  }

  void watch(Datagrams& from, FileDescriptor socket) {
    from.socket = std::move(socket);
    resume(from);
  }
  void resume(Datagrams& from) {
    from.watch = loop.on_readable(from.socket.get(), [this, &from] { take(from); });
  }

  void take(Datagrams& from) {
    const std::chrono::nanoseconds now = clock.monotonic();
    if (now - from.second_begin >= std::chrono::seconds(1)) {
      from.second_begin = now;
      from.taken = 0;
    }
    for (int turn = 0; turn < kDatagramsAtOnce; ++turn) {
      const ssize_t got = ::recv(from.socket.get(), bytes.data(), bytes.size(), 0);
      if (got < 0) return;
      from.taken += static_cast<std::size_t>(got);
      values.take_all({bytes.data(), static_cast<std::size_t>(got)}, now);
      if (from.taken > options.bytes_per_second) return hold_back(from);
    }
  }

  void hold_back(Datagrams& from) {
    from.watch = {};
    from.pause = loop.after(kPause, [this, &from] { resume_when_due(from); });
  }
  void resume_when_due(Datagrams& from) {
    if (clock.monotonic() - from.second_begin < std::chrono::seconds(1)) return hold_back(from);
    resume(from);
  }

  EventLoop& loop;
  PushOptions options;
  const Clock& clock;
  PushedValues values;
  Datagrams local, statsd;
  std::string datagram_path, problem;
  std::optional<LineServer> stream;
  std::array<char, 65536> bytes;
};

Result<PushServer> PushServer::listen(EventLoop& loop, const PushOptions& options, const Clock& clock) {
  auto impl = std::make_unique<Impl>(loop, options, clock);
  if (auto listening = impl->listen(); !listening) return pass_on(listening);
  return PushServer(std::move(impl));
}

PushServer::PushServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PushServer::PushServer(PushServer&&) noexcept = default;
PushServer& PushServer::operator=(PushServer&&) noexcept = default;
PushServer::~PushServer() = default;

PushedValues& PushServer::values() { return impl_->values; }
const PushedValues& PushServer::values() const { return impl_->values; }

const std::string& PushServer::problem() const { return impl_->problem; }

int PushServer::statsd_port() const {
  if (!impl_->statsd.socket.is_open()) return 0;
  sockaddr_in6 address{};  // large enough for both
  socklen_t size = sizeof address;
  if (::getsockname(impl_->statsd.socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.sin6_port);  // where sin_port is, too
}

}  // namespace ullage::sense
