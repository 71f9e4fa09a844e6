// SPDX-License-Identifier: Apache-2.0
// Stands on nothing but the standard library and the system, so that a program that links it takes in no
// more. There is no lock: a fork while another thread holds one would leave it held for ever in the child. A
// line is one send(2), which a unix stream takes whole or not at all at this size, so that threads and forked
// processes may share the connection.
#include "ullage/emit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

namespace ullage {

namespace {

constexpr std::size_t kLineLimitBytes = 4096;  // as the run reads them: docs/formats/emit-lines.md

// One line, built without allocating.
class LineBuilder {
 public:
  void put(std::string_view text) {
    if (text.size() > bytes_.size() - size_) {
      too_long_ = true;
      return;
    }
    text.copy(bytes_.data() + size_, text.size());
    size_ += text.size();
  }

  // A name as it is; one that holds a blank or a line's end would be another line, and makes none.
  void put_name(std::string_view name) {
    put(name);
    if (name.empty() ||
        std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) <= ' '; }))
      too_long_ = true;
  }

  void put_quoted(std::string_view text) {
    put("\"");
    for (const char& c : text) {
      if (c == '\n') {
        put("\\n");
        continue;
      }
      if (c == '"' || c == '\\') put("\\");
      put({&c, 1});
    }
    put("\"");
  }

  void put_number(double number) {
    std::array<char, 32> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || !std::isfinite(number)) too_long_ = true;
    put({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }

  void put_labels(EmitLabels labels) {
    for (const auto& [name, value] : labels) {
      put(" ");
      put_name(name);
      put("=");
      put_quoted(value);
    }
  }

  void put_sentence(std::string_view text) {
    for (const char& c : text) put(c == '\n' || c == '\0' ? std::string_view(" ") : std::string_view(&c, 1));
  }

  // Empty when it cannot be said.
  std::string_view line() {
    put("\n");
    return too_long_ ? std::string_view() : std::string_view(bytes_.data(), size_);
  }

 private:
  std::array<char, kLineLimitBytes + 1> bytes_;
  std::size_t size_ = 0;
  bool too_long_ = false;
};

// The connection to the run, made at the first line.
class Connection {
 public:
  bool is_open() { return connected() != nullptr; }
  std::uint64_t dropped() const { return dropped_; }

  void send(std::string_view line) {
    const Link* link = connected();
    if (link == nullptr) return;
    if (line.empty()) {
      ++dropped_;
      return;
    }
    const ssize_t put = ::send(link->fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put == static_cast<ssize_t>(line.size())) return;
    ++dropped_;
    // The run has ended, or has had enough of us. The descriptor stays open: another thread may be using it.
    if (put < 0 && (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)) link_ = &kNoRun;
  }

 private:
  struct Link {
    int fd;
    ino_t inode;
  };
  static constexpr Link kNoRun{-1, 0};
  std::atomic<const Link*> link_{nullptr};  // null: not tried yet
  std::atomic<std::uint64_t> dropped_{0};

  const Link* connected() {
    const Link* link = link_;
    if (link == &kNoRun) return nullptr;
    return link != nullptr && is_still_ours(*link) ? link : connect(link);
  }

  // A program that becomes a daemon closes all descriptors, and may then have another socket under our
  // number.
  static bool is_still_ours(const Link& link) {
    struct stat info;
    return ::fstat(link.fd, &info) == 0 && S_ISSOCK(info.st_mode) && info.st_ino == link.inode;
  }

  const Link* connect(const Link* before) {
    const char* path = ::secure_getenv("ULLAGE_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string_view name = path == nullptr ? "" : path;
    const bool usable = !name.empty() && name.size() < sizeof address.sun_path;
    const int fd = usable ? ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    if (fd < 0) return settle(before, &kNoRun);
    name.copy(address.sun_path, name.size());
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return keep(before, fd);
    const bool try_again = errno == EAGAIN || errno == EINTR;  // its queue of new clients is full
    ::close(fd);
    if (!try_again) return settle(before, &kNoRun);
    ++dropped_;
    return nullptr;
  }

  const Link* keep(const Link* before, int fd) {
    struct stat info;
    const Link* link = ::fstat(fd, &info) == 0 ? new (std::nothrow) Link{fd, info.st_ino} : nullptr;
    if (link == nullptr) {
      ::close(fd);
      return nullptr;
    }
    const Link* now = settle(before, link);
    if (now == link) return link;
    ::close(fd);  // another thread was faster: its connection is the one
    delete link;
    return now;
  }

  // What holds now, by whichever thread; null when that is no run.
  const Link* settle(const Link* before, const Link* wanted) {
    const Link* now = link_.compare_exchange_strong(before, wanted) ? wanted : before;
    return now == &kNoRun ? nullptr : now;
  }
};

// Neither made nor destroyed at run time: a phase may end while the program's statics are taken down, and a
// fork finds no half-made one.
constinit Connection the_run;

void say_phase(std::string_view name, std::string_view edge) {
  LineBuilder builder;
  builder.put("phase ");
  builder.put_quoted(name);
  builder.put(edge);
  the_run.send(builder.line());
}

void say_value(std::string_view kind, std::string_view name, double value, EmitLabels labels) {
  LineBuilder builder;
  builder.put(kind);
  builder.put_name(name);
  builder.put(" ");
  builder.put_number(value);
  builder.put_labels(labels);
  the_run.send(builder.line());
}

// At most so many bytes, but no half of a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0u) == 0x80u) --limit;
  return text.substr(0, limit);
}

}  // namespace

Phase::Phase(std::string_view name) noexcept : process_(::getpid()) {
  const std::string_view kept = cut(name, name_.size());
  size_ = kept.copy(name_.data(), kept.size());
  say_phase(kept, " begin");
}

Phase::Phase(Phase&& other) noexcept
    : name_(other.name_), size_(std::exchange(other.size_, 0)), process_(other.process_) {}

Phase& Phase::operator=(Phase&& other) noexcept {
  if (this == &other) return *this;
  end();
  name_ = other.name_;
  size_ = std::exchange(other.size_, 0);
  process_ = other.process_;
  return *this;
}

void Phase::end() noexcept {
  const std::size_t size = std::exchange(size_, 0);
  if (size != 0 && process_ == ::getpid()) say_phase({name_.data(), size}, " end");
}

Phase phase(std::string_view name) noexcept { return Phase(name); }

void gauge(std::string_view name, double value, EmitLabels labels) noexcept {
  say_value("gauge ", name, value, labels);
}

void counter_add(std::string_view name, double increment, EmitLabels labels) noexcept {
  say_value("counter ", name, increment, labels);
}

void event(std::string_view text) noexcept {
  LineBuilder builder;
  builder.put("event ");
  builder.put_sentence(cut(text, 1024));
  the_run.send(builder.line());
}

bool in_a_run() noexcept { return the_run.is_open(); }

std::uint64_t dropped_lines() noexcept { return the_run.dropped(); }

}  // namespace ullage
