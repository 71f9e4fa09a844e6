// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/exit_records.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::sense {

namespace {

// A record is below 1 KiB: some ten thousand exits between two readings.
constexpr int kReceiveBytes = 16 << 20;
constexpr std::size_t kDatagramBytes = 16 << 10;  // one message each, and none is near this
constexpr std::string_view kPrivilege =
    "exit records need CAP_NET_ADMIN in the machine's first user and network namespaces";

void append_attribute(std::string& message, std::uint16_t type, std::string_view value) {
  const nlattr header{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), .nla_type = type};
  message.append(reinterpret_cast<const char*>(&header), sizeof(header)).append(value);
  message.resize(NLMSG_ALIGN(message.size()));
}

// A generic netlink message of one attribute, whose value is a text with its final NUL.
std::string message_of(std::uint16_t family, std::uint8_t command, std::uint16_t attribute,
                       std::string text) {
  text.push_back('\0');
  std::string message(NLMSG_HDRLEN + GENL_HDRLEN, '\0');
  append_attribute(message, attribute, text);
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(message.size());
  header.nlmsg_type = family;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  const genlmsghdr generic{.cmd = command, .version = 1, .reserved = 0};
  std::memcpy(message.data(), &header, sizeof(header));
  std::memcpy(message.data() + NLMSG_HDRLEN, &generic, sizeof(generic));
  return message;
}

// Sends, and gives each answer to `take` until the kernel's acknowledgement. Returns errno, 0 when it went
// well.
template <class Take>
int ask(int socket, const std::string& message, Take take) {
  if (::send(socket, message.data(), message.size(), 0) < 0) return errno;
  std::string buffer(kDatagramBytes, '\0');
  while (true) {
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    nlmsghdr header{};
    if (static_cast<std::size_t>(got) < sizeof(header)) continue;
    std::memcpy(&header, buffer.data(), sizeof(header));
    const std::string_view body(buffer.data() + NLMSG_HDRLEN, static_cast<std::size_t>(got) - NLMSG_HDRLEN);
    if (header.nlmsg_type == NLMSG_ERROR) {
      int error = 0;
      if (body.size() >= sizeof(error)) std::memcpy(&error, body.data(), sizeof(error));
      return -error;
    }
    take(body);
  }
}

std::optional<std::uint16_t> family_number(std::string_view answer) {
  answer.remove_prefix(std::min<std::size_t>(GENL_HDRLEN, answer.size()));
  while (answer.size() >= sizeof(nlattr)) {
    nlattr header;
    std::memcpy(&header, answer.data(), sizeof(header));
    if (header.nla_len < sizeof(nlattr) || header.nla_len > answer.size()) return std::nullopt;
    if (header.nla_type == CTRL_ATTR_FAMILY_ID && header.nla_len >= NLA_HDRLEN + sizeof(std::uint16_t)) {
      std::uint16_t number;
      std::memcpy(&number, answer.data() + NLA_HDRLEN, sizeof(number));
      return number;
    }
    answer.remove_prefix(std::min<std::size_t>(NLA_ALIGN(header.nla_len), answer.size()));
  }
  return std::nullopt;
}

tl::unexpected<Error> refused(std::string_view tried, int error_number) {
  Error error = fail_errno(tried, "taskstats", error_number).value();
  if (error_number == EPERM || error_number == EACCES) error.hint = kPrivilege;
  return fail(std::move(error));
}

}  // namespace

Result<ExitRecords> ExitRecords::open() {
  FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
  if (!socket.is_open()) return refused("cannot open a netlink socket", errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return refused("cannot bind a netlink socket", errno);
  // FORCE goes beyond net.core.rmem_max, with the same privilege that is needed anyway.
  const int size = kReceiveBytes;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

  std::optional<std::uint16_t> family;
  const int not_found = ask(
      socket.get(), message_of(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME),
      [&](std::string_view answer) { family = family_number(answer); });
  if (not_found != 0 || !family)
    return refused("the kernel has no exit records (CONFIG_TASKSTATS)", not_found == 0 ? ENOENT : not_found);

  // The mask must name possible processors only: anything beyond is EINVAL.
  auto possible = read_file(OsRoot::live().path("/sys/devices/system/cpu/possible"));
  if (!possible) return pass_on(possible);
  const std::string mask(trim(*possible));
  const int denied =
      ask(socket.get(), message_of(*family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, mask),
          [](std::string_view) {});
  if (denied != 0) return refused("cannot listen to exit records", denied);

  ExitRecords records;
  records.socket_ = std::move(socket);
  records.buffer_.resize(kDatagramBytes);
  return records;
}

std::span<const ExitRecord> ExitRecords::read() {
  records_.clear();
  while (true) {
    const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) {
      ++lost_;  // of unknown number: the kernel tells only that there were some
      continue;
    }
    if (got <= 0) break;
    joiner_.add({buffer_.data(), static_cast<std::size_t>(got)}, records_);
  }
  return records_;
}

}  // namespace ullage::sense
