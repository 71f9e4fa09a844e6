// SPDX-License-Identifier: Apache-2.0
#include "server/http_listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/result.h"
#include "server/http_address.h"

namespace ullage::server {

namespace {

constexpr const char* kOtherSocket = "choose another path with server.socket";

union AnyAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

FileDescriptor make_socket(int family) {
  return FileDescriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

socklen_t fill(AnyAddress& any, const Address& address) {
  any = {};
  if (::inet_pton(AF_INET, address.host.c_str(), &any.v4.sin_addr) == 1) {
    any.v4.sin_family = AF_INET;
    any.v4.sin_port = htons(address.port);
    return sizeof any.v4;
  }
  ::inet_pton(AF_INET6, address.host.c_str(), &any.v6.sin6_addr);
  any.v6.sin6_family = AF_INET6;
  any.v6.sin6_port = htons(address.port);
  return sizeof any.v6;
}

// Whether somebody answers there.
bool is_alive(const sockaddr_un& address) {
  const FileDescriptor probe = make_socket(AF_UNIX);
  if (!probe.is_open()) return true;
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno == EAGAIN;
}

tl::unexpected<Error> cannot_listen(const std::string& where, std::string_view setting, int reason) {
  Error error = fail_errno("cannot listen", where, reason).value();
  if (reason == EADDRINUSE)
    error.hint =
        fmt::format("another program listens there (ss -lntp names it); choose another with {}", setting);
  else if (reason == EADDRNOTAVAIL)
    error.hint = fmt::format("this machine has no such address; choose one of its own with {}", setting);
  else if (reason == EACCES)
    error.hint = fmt::format("choose another with {}; ports below 1024 need CAP_NET_BIND_SERVICE", setting);
  return fail(std::move(error));
}

}  // namespace

Result<Listener> listen_on(const Address& address) {
  AnyAddress any;
  socklen_t size = fill(any, address);
  Listener listener{.socket = make_socket(any.generic.sa_family), .address = address};
  const int fd = listener.socket.get();
  const int yes = 1;
  if (fd < 0 || ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      (any.generic.sa_family == AF_INET6 &&
       ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0) ||
      ::bind(fd, &any.generic, size) != 0 || ::listen(fd, SOMAXCONN) != 0 ||
      ::getsockname(fd, &any.generic, &size) != 0)
    return cannot_listen(address.text(), "--listen or server.listen", errno);
  listener.address.port = ntohs(any.generic.sa_family == AF_INET ? any.v4.sin_port : any.v6.sin6_port);
  return listener;
}

Result<Listener> listen_on_unix(const std::string& path, unsigned mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(fmt::format("the path of a socket may have at most {} bytes", sizeof address.sun_path - 1),
                path);
  std::ranges::copy(path, address.sun_path);
  struct stat info;
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return fail("there is a file in the socket's place", path, kOtherSocket);
    if (is_alive(address)) return fail("another server listens there", path, kOtherSocket);
    ::unlink(path.c_str());
  }
  Listener listener{.socket = make_socket(AF_UNIX), .is_unix = true};
  const int fd = listener.socket.get();
  // Linux gives the file the mode of the socket's inode, less the umask (net/unix/af_unix.c, unix_bind_bsd).
  if (fd < 0 || ::fchmod(fd, mode) != 0 ||
      ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), mode) != 0 || ::listen(fd, SOMAXCONN) != 0)
    return fail_errno("cannot listen", path, errno);
  return listener;
}

}  // namespace ullage::server
