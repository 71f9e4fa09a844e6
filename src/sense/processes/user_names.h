// SPDX-License-Identifier: Apache-2.0
// Names of users from /etc/passwd, which is read again when it has changed. Only that file: to ask a
// directory service (NSS, LDAP) may take seconds, and whoever is only there goes by their number. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/os_root.h"

namespace ullage::sense {

class UserNames {
 public:
  explicit UserNames(const OsRoot& root) : path_(root.path("/etc/passwd")) {}

  // Looks whether the file has changed, every few seconds; true when it has, and names may be others now.
  bool renew(std::chrono::nanoseconds now);
  const std::string& name(std::uint32_t user_id);

 private:
  std::string path_;
  std::string stamp_;  // of the file that was read: identity, size, time
  std::chrono::nanoseconds looked_at_{0};
  bool has_looked_ = false;
  std::unordered_map<std::uint32_t, std::string> names_;  // with numbers as names, once asked for
};

}  // namespace ullage::sense
