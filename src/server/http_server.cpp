// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/event_loop_asio.h"
#include "base/file.h"
#include "base/result.h"
#include "server/http_address.h"
#include "server/http_connection.h"
#include "server/http_gate.h"
#include "server/http_listener.h"
#include "server/http_message.h"
#include "server/http_router.h"
#include "server/http_stream.h"
#include "server/tls_identity.h"

namespace ullage::server {

namespace {

using std::chrono::milliseconds;

constexpr int kAcceptsATurn = 64;
constexpr milliseconds kAcceptPause{100};

// Other parts of the program need files too.
std::size_t connections_allowed(std::size_t wanted) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  return std::min<std::size_t>(wanted, std::max<std::size_t>(16, files.rlim_cur * 3 / 4));
}

// Fine enough for the shortest of the timeouts, and never more than ten times a second.
milliseconds sweep_period(const ServerLimits& limits) {
  const milliseconds least = std::min({limits.head_timeout, limits.body_timeout, limits.idle_timeout,
                                       limits.write_timeout, limits.heartbeat});
  return std::clamp<milliseconds>(least / 8, milliseconds(100), milliseconds(1'000));
}

// Small answers go at once; a peer whose machine is gone is given up after a minute without an
// acknowledgement.
void tune(int fd) {
  const int yes = 1, minute_ms = 60'000;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &minute_ms, sizeof minute_ms);
}

Peer peer_of(int fd, bool is_unix) {
  Peer peer{.is_unix = is_unix};
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (is_unix && ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
    peer.uid = credentials.uid;
  return peer;
}

// Other machines must show something before they may ask.
Result<void> expect_guarded(const std::vector<Address>& addresses, const ServerOptions& options) {
  if (!options.token.empty() || !options.tls.client_ca_file.empty()) return {};
  for (const Address& address : addresses)
    if (!is_loopback(address.host))
      return fail(
          "other machines could ask here, and no token is set", address.text(),
          "name a file with a long random line in server.token_file (openssl rand -hex 32 makes one); "
          "or the authority of your clients' certificates in server.tls.client_ca_file; or listen on "
          "127.0.0.1 and let SSH or a proxy lead there");
  return {};
}

Result<std::vector<Listener>> open_listeners(const ServerOptions& options) {
  std::vector<Address> addresses;
  for (const std::string& text : options.listen) {
    auto address = parse_address(text);
    if (!address) return fail(address.error());
    addresses.push_back(*std::move(address));
  }
  if (auto guarded = expect_guarded(addresses, options); !guarded) return pass_on(guarded);
  std::vector<Listener> listeners;
  for (const Address& address : addresses) {
    auto listener = listen_on(address);
    if (!listener) return pass_on(listener);
    listeners.push_back(std::move(*listener));
  }
  if (options.socket.empty()) return listeners;
  auto listener = listen_on_unix(options.socket, options.socket_mode);
  if (!listener) return pass_on(listener);
  listeners.push_back(std::move(*listener));
  return listeners;
}

Result<std::optional<TlsIdentity>> identity_of(const TlsOptions& options) {
  if (!options.is_wanted()) return std::nullopt;
  auto identity = TlsIdentity::load(options);
  if (!identity) return pass_on(identity);
  return *std::move(identity);
}

}  // namespace

struct HttpServer::Impl {
  struct Door {
    Listener listener;
    EventLoop::Handle waits = {};
  };

  std::shared_ptr<ServerCore> core;
  std::string socket_path;
  std::vector<Door> doors;
  EventLoop::Handle pause, sweeper;
  bool is_sweeping = false;
  bool has_token = false;

  std::vector<Address> tcp_addresses() const {
    std::vector<Address> all;
    for (const Door& door : doors)
      if (!door.listener.is_unix) all.push_back(door.listener.address);
    return all;
  }
  std::vector<std::string> hosts() const {
    std::vector<std::string> all;
    for (const Address& address : tcp_addresses()) all.push_back(address.host);
    return all;
  }

  ~Impl() {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [key, connection] : core->connections) all.push_back(connection);
    for (const auto& connection : all) connection->close();
    if (!socket_path.empty()) ::unlink(socket_path.c_str());
  }

  void open_doors() {
    pause = {};
    for (Door& door : doors)
      door.waits = core->loop.on_readable(door.listener.socket.get(), [this, &door] { accept_some(door); });
  }
  void close_doors_for_a_while() {
    ++core->counts.unaccepted;
    for (Door& door : doors) door.waits = {};
    pause = core->loop.after(kAcceptPause, [this] { open_doors(); });
  }

  void accept_some(const Door& door) {
    for (int i = 0; i < kAcceptsATurn; ++i) {
      if (core->connections.size() >= core->limits.connections_max) {
        if (i > 0) return;  // whether there is one more is not known: then we are called again
        if (!drop_the_idlest()) return close_doors_for_a_while();
      }
      const int fd = ::accept4(door.listener.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        take(fd, door.listener.is_unix);
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        if (!drop_the_idlest()) return close_doors_for_a_while();
      } else if (errno != EINTR && errno != ECONNABORTED) {
        return;
      }
    }
  }

  void take(int fd, bool is_unix) {
    if (!is_unix) tune(fd);
    Socket socket(core->context);
    boost::system::error_code error;
    // NOLINTNEXTLINE(bugprone-unused-return-value): it is what `error` says, and void in later versions
    socket.assign(boost::asio::generic::stream_protocol(is_unix ? AF_UNIX : AF_INET, 0), fd, error);
    if (error) {
      ::close(fd);
      return;
    }
    const TlsIdentity* identity = is_unix || !core->tls ? nullptr : &*core->tls;
    auto connection =
        std::make_shared<Connection>(core, Stream(std::move(socket), identity), peer_of(fd, is_unix));
    core->connections.emplace(connection.get(), connection);
    connection->start();
    if (!is_sweeping) sweep_later();
  }

  // Makes room: of those that wait for nothing, the hundredth part that has done so for longest. False when
  // all are at work.
  bool drop_the_idlest() {
    std::vector<std::shared_ptr<Connection>> idle;
    for (const auto& [key, connection] : core->connections)
      if (connection->is_idle()) idle.push_back(connection);
    if (idle.empty()) return false;
    const auto some = static_cast<std::ptrdiff_t>(1 + idle.size() / 100);
    std::ranges::partial_sort(idle, idle.begin() + some, {}, &Connection::deadline);
    idle.resize(static_cast<std::size_t>(some));
    for (const auto& connection : idle) connection->close();
    core->counts.dropped += idle.size();
    return true;
  }

  void sweep_later() {
    is_sweeping = true;
    sweeper = core->loop.after(sweep_period(core->limits), [this] { sweep(); });
  }
  void sweep() {
    const auto now = core->clock.monotonic();
    std::vector<std::shared_ptr<Connection>> late;
    for (const auto& [key, connection] : core->connections)
      if (connection->deadline().count() != 0 && connection->deadline() <= now) late.push_back(connection);
    for (const auto& connection : late) connection->look_at_time(now);
    is_sweeping = false;
    if (!core->connections.empty()) sweep_later();
  }
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

Result<HttpServer> HttpServer::listen(EventLoop& loop, const Clock& clock, ServerOptions options,
                                      Router router) {
  auto identity = identity_of(options.tls);
  if (!identity) return pass_on(identity);
  auto listeners = open_listeners(options);
  if (!listeners) return pass_on(listeners);
  options.limits.connections_max = connections_allowed(options.limits.connections_max);
  auto impl = std::make_unique<Impl>();
  impl->socket_path = options.socket;
  impl->has_token = !options.token.empty();
  impl->doors.reserve(listeners->size());  // their handlers know them by address
  for (Listener& listener : *listeners) impl->doors.push_back({.listener = std::move(listener)});
  const auto gate = Gate(impl->hosts(), options.names, options.token);
  impl->core =
      std::shared_ptr<ServerCore>(new ServerCore{loop, clock, EventLoopAsio::context(loop), options.limits,
                                                 std::move(router), gate, *std::move(identity)});
  impl->open_doors();
  return HttpServer(std::move(impl));
}

Result<std::function<void()>> HttpServer::renewal(const ServerOptions& options) {
  if (auto guarded = expect_guarded(impl_->tcp_addresses(), options); !guarded) return pass_on(guarded);
  auto identity = identity_of(options.tls);
  if (!identity) return pass_on(identity);
  return [impl = impl_.get(), identity = *std::move(identity), names = options.names, token = options.token] {
    impl->core->tls = identity;
    impl->core->gate = Gate(impl->hosts(), names, token);
    impl->has_token = !token.empty();
  };
}

std::vector<std::string> HttpServer::addresses() const {
  std::vector<std::string> texts;
  for (const Address& address : impl_->tcp_addresses()) texts.push_back(address.text());
  return texts;
}

std::vector<std::string> HttpServer::urls() const {
  std::vector<std::string> texts = addresses();
  for (std::string& text : texts) text.insert(0, impl_->core->tls ? "https://" : "http://");
  return texts;
}

std::vector<std::string> HttpServer::warnings() const {
  std::vector<std::string> warnings;
  const auto& tls = impl_->core->tls;
  for (const Address& address : impl_->tcp_addresses())
    if (!tls && impl_->has_token && !is_loopback(address.host))
      warnings.push_back(
          address.text() +
          ": the token and all answers go unencrypted to other machines: whoever is on the way "
          "can read them; server.tls.cert_file and server.tls.key_file change that");
  if (std::string warning = tls ? tls->warning(impl_->core->clock.wall_ms()) : ""; !warning.empty())
    warnings.push_back(std::move(warning));
  return warnings;
}

std::optional<std::int64_t> HttpServer::certificate_end_ms() const {
  const auto& tls = impl_->core->tls;
  return tls ? std::optional(tls->not_after_ms()) : std::nullopt;
}

ServerCounts HttpServer::counts() const {
  ServerCounts counts = impl_->core->counts;
  counts.connections = impl_->core->connections.size();
  return counts;
}

}  // namespace ullage::server
