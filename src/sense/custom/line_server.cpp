// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/line_server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"
#include "sense/custom/line_protocol.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kReadBytes = 64u << 10;    // at one readiness, so that no client starves the loop
constexpr std::size_t kFinishBytes = 16u << 20;  // of one client, in finish(): more than any socket buffer

constexpr std::chrono::seconds kRest(1);  // when there is no descriptor for a client

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool fits(const std::string& path) { return path.size() < sizeof(sockaddr_un{}.sun_path); }

// bind(2) and connect(2) take every address as a sockaddr.
int with_address(int (*call)(int, const sockaddr*, socklen_t), int fd, const sockaddr_un& address) {
  return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Result<FileDescriptor> new_socket() {
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail_errno("cannot make a socket", "", errno);
  return fd;
}

// A socket that its owner left behind when it was killed: nobody answers on it.
bool is_left_behind(const std::string& path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const auto probe = new_socket();
  return probe && with_address(::connect, probe->get(), address_of(path)) != 0 && errno == ECONNREFUSED;
}

Result<FileDescriptor> listen_on(const std::string& path) {
  auto fd = new_socket();
  if (!fd) return fd;
  // Linux gives the name the mode that the socket itself has, so that it is never open to others.
  if (::fchmod(fd->get(), 0600) != 0) return fail_errno("cannot close the socket to others", path, errno);
  if (is_left_behind(path)) ::unlink(path.c_str());
  if (with_address(::bind, fd->get(), address_of(path)) != 0) return fail_errno("cannot listen", path, errno);
  if (::listen(fd->get(), 64) != 0) return fail_errno("cannot listen", path, errno);
  return fd;
}

struct Client {
  FileDescriptor socket;
  EventLoop::Handle watch;
  EventLoop::Handle pause;
  std::string buffer;     // a line that has begun
  bool skipping = false;  // the rest of a line that is too long
  std::uint64_t bad_lines = 0;
  std::size_t allowance = 0;  // bytes it may still write before it is held back
};

}  // namespace

struct LineServer::Impl {
  EventLoop& loop;
  LineServerOptions options;
  OnText on_text;
  OnBadLine on_bad_line;
  std::string path, private_folder;
  FileDescriptor listener;
  EventLoop::Handle watch, pause;
  std::map<int, Client> clients;  // by descriptor
  LineCounts counts;
  std::array<char, kReadBytes> bytes;

  Impl(EventLoop& the_loop, LineServerOptions the_options, OnText text, OnBadLine bad_line)
      : loop(the_loop),
        options(std::move(the_options)),
        on_text(std::move(text)),
        on_bad_line(std::move(bad_line)) {}

  ~Impl() {
    if (listener.is_open()) ::unlink(path.c_str());
    if (!private_folder.empty()) ::rmdir(private_folder.c_str());
  }

  Result<void> listen() {
    path = options.path;
    if (!fits(path)) {
      private_folder = options.short_folder + "/ullage-XXXXXX";
      if (::mkdtemp(private_folder.data()) == nullptr) {
        const int reason = errno;
        private_folder.clear();
        return fail_errno("cannot make a folder for the socket", options.short_folder, reason);
      }
      path = private_folder + "/s";
      if (!fits(path)) return fail("the path is too long for a socket", path);
    }
    auto fd = listen_on(path);
    if (!fd) return pass_on(fd);
    listener = *std::move(fd);
    watch_listener();
    return {};
  }

  void watch_listener() {
    watch = loop.on_readable(listener.get(), [this] { accept_all(); });
  }

  void accept_all() {
    while (true) {
      FileDescriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.is_open()) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) rest();
        return;
      }
      ++counts.clients;
      if (clients.size() >= options.client_limit) {
        ++counts.refused_clients;
        continue;
      }
      const int fd = socket.get();
      Client& client = clients[fd];
      client.socket = std::move(socket);
      client.allowance = options.bytes_per_second;
      resume(fd);
    }
  }

  // Who cannot be accepted stays in the queue, and the listener readable: watching on would only spin.
  void rest() {
    ++counts.rests;
    watch = {};
    pause = loop.after(kRest, [this] { watch_listener(); });
  }

  void resume(int fd) {
    clients.at(fd).watch = loop.on_readable(fd, [this, fd] { on_readable(fd); });
  }

  void on_readable(int fd) {
    Client& client = clients.at(fd);
    const ssize_t got = read_some(client);
    if (got < 0) return;
    if (got == 0 || client.bad_lines > options.bad_line_limit) return close(fd);
    const auto used = static_cast<std::size_t>(got);
    if (used < client.allowance) {
      client.allowance -= used;
      return;
    }
    ++counts.held_back;
    client.watch = {};
    client.pause = loop.after(std::chrono::seconds(1), [this, fd] {
      clients.at(fd).allowance = options.bytes_per_second;
      resume(fd);
    });
  }

  // Bytes read and taken in; 0 at the end, -1 when there is nothing now.
  ssize_t read_some(Client& client) {
    const ssize_t got = ::read(client.socket.get(), bytes.data(), bytes.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR ? -1 : 0;
    take_in(client, {bytes.data(), static_cast<std::size_t>(got)});
    if (got == 0) take_last_line(client);
    return got;
  }

  void take_in(Client& client, std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view part = text.substr(0, end);
      const bool ends = end != std::string_view::npos;
      text.remove_prefix(ends ? end + 1 : text.size());
      if (!client.skipping)
        client.buffer +=
            part.substr(0, kLineLimitBytes + 2 - std::min(client.buffer.size(), kLineLimitBytes + 2));
      if (!client.skipping && client.buffer.size() > kLineLimitBytes + 1) {
        take_line(client);
        client.skipping = true;
      }
      if (!ends) return;
      if (!client.skipping) take_line(client);
      client.skipping = false;
    }
  }

  void take_last_line(Client& client) {
    if (!client.skipping && !client.buffer.empty()) take_line(client);
  }

  void take_line(Client& client) {
    const auto taken = on_text(client.buffer);
    client.buffer.clear();
    if (taken) {
      counts.lines += *taken ? 1 : 0;
      return;
    }
    ++counts.bad_lines;
    ++client.bad_lines;
    if (on_bad_line) on_bad_line(taken.error());
  }

  void close(int fd) {
    if (clients.at(fd).bad_lines > options.bad_line_limit) ++counts.dropped_clients;
    clients.erase(fd);
  }

  void finish() {
    accept_all();
    for (auto& [fd, client] : clients) {
      std::size_t taken = 0;
      for (ssize_t got = 1; got > 0 && taken < kFinishBytes;
           taken += static_cast<std::size_t>(std::max<ssize_t>(got, 0)))
        got = read_some(client);
      take_last_line(client);
    }
    clients.clear();
  }
};

Result<LineServer> LineServer::listen(EventLoop& loop, LineServerOptions options, OnLine on_line,
                                      OnBadLine on_bad_line) {
  OnText on_text = [on_line = std::move(on_line)](std::string_view text) -> Result<bool> {
    auto line = parse_line(text);
    if (!line) return pass_on(line);
    if (std::holds_alternative<BlankLine>(*line)) return false;
    on_line(*std::move(line));
    return true;
  };
  return listen(loop, std::move(options), std::move(on_text), std::move(on_bad_line));
}

Result<LineServer> LineServer::listen(EventLoop& loop, LineServerOptions options, OnText on_text,
                                      OnBadLine on_bad_line) {
  auto impl = std::make_unique<Impl>(loop, std::move(options), std::move(on_text), std::move(on_bad_line));
  if (auto listening = impl->listen(); !listening) return pass_on(listening);
  return LineServer(std::move(impl));
}

LineServer::LineServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineServer::LineServer(LineServer&&) noexcept = default;
LineServer& LineServer::operator=(LineServer&&) noexcept = default;
LineServer::~LineServer() = default;

const std::string& LineServer::path() const { return impl_->path; }
const LineCounts& LineServer::counts() const { return impl_->counts; }
void LineServer::finish() { impl_->finish(); }

}  // namespace ullage::sense
