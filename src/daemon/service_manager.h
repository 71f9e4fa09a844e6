// SPDX-License-Identifier: Apache-2.0
// What systemd, or another that speaks its protocol, is told about us, and how often it wants to hear that we
// live (sd_notify(3), sd_watchdog_enabled(3)): datagrams to the socket that NOTIFY_SOCKET names. Without one
// nothing is said.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace ullage::daemon {

class ServiceManager {
 public:
  // `pid`: ours; WATCHDOG_PID may mean another.
  ServiceManager(const std::map<std::string, std::string>& environment, std::int64_t pid);

  void ready(std::string_view status) const;
  void reloading(std::chrono::nanoseconds monotonic) const;  // then ready() again
  void stopping() const;
  void alive() const;
  // How often alive() is to be called: half of what it allows.
  std::optional<std::chrono::nanoseconds> watchdog_interval() const { return watchdog_interval_; }

 private:
  void tell(std::string_view text) const;

  std::string address_;  // a path, or '@' and an abstract name
  FileDescriptor socket_;
  std::optional<std::chrono::nanoseconds> watchdog_interval_;
};

}  // namespace ullage::daemon
