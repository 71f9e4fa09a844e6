// SPDX-License-Identifier: Apache-2.0
// Which settings hold while a daemon runs: some are taken on at once when they are read anew, the others stay
// those of its start. What is shown of them is for all who may ask: secrets are masked. Pure; one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace ullage::daemon {

class SettingsInForce {
 public:
  explicit SettingsInForce(const config::Settings& at_start) : at_start_(at_start), newest_(at_start) {}

  const config::Settings& at_start() const { return at_start_; }
  // For what is taken on at once.
  const config::Settings& newest() const { return newest_; }
  // What is other than it was when they were read last, a line each.
  std::vector<std::string> take_on(const config::Settings& settings);

  std::map<std::string, std::string> shown() const;  // by key
  std::string yaml() const;                          // as `ullage config show` has them

 private:
  const config::Setting& in_force(const std::string& key) const;

  config::Settings at_start_, newest_;
};

// By a running daemon; other settings wait for its next start.
bool is_taken_on_at_once(std::string_view key);

}  // namespace ullage::daemon
