// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/text.h"

namespace ullage::daemon {

namespace {

std::string value_of(const std::map<std::string, std::string>& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

}  // namespace

ServiceManager::ServiceManager(const std::map<std::string, std::string>& environment, std::int64_t pid)
    : address_(value_of(environment, "NOTIFY_SOCKET")) {
  if (address_.empty() || (address_[0] != '/' && address_[0] != '@')) return;
  socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const std::string watched = value_of(environment, "WATCHDOG_PID");
  const auto microseconds = to_unsigned(value_of(environment, "WATCHDOG_USEC"));
  if (microseconds && *microseconds > 0 && (watched.empty() || watched == std::to_string(pid)))
    watchdog_interval_ = std::chrono::microseconds(*microseconds / 2);
}

void ServiceManager::tell(std::string_view text) const {
  sockaddr_un to{};
  if (!socket_.is_open() || address_.size() >= sizeof to.sun_path) return;
  to.sun_family = AF_UNIX;
  std::ranges::copy(address_, to.sun_path);
  if (address_[0] == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  // A service manager that does not listen is none of our trouble.
  (void)::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&to), size);
}

void ServiceManager::ready(std::string_view status) const {
  tell("READY=1\nSTATUS=" + std::string(status) + "\n");
}

void ServiceManager::reloading(std::chrono::nanoseconds monotonic) const {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(monotonic).count();
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds) + "\n");
}

void ServiceManager::stopping() const { tell("STOPPING=1\n"); }
void ServiceManager::alive() const { tell("WATCHDOG=1\n"); }

}  // namespace ullage::daemon
