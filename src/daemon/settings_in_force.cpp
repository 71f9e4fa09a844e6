// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings_in_force.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "base/text.h"
#include "config/reference.h"
#include "config/schema.h"
#include "config/settings.h"
#include "config/value.h"
#include "run/secrets.h"

namespace ullage::daemon {

namespace {

// "[\"X-Scope-OrgID: ***\"]": what a header says may be what lets us in.
std::string headers_shown(const std::string& value) {
  std::string all;
  for (const std::string& header : config::split_list(value))
    all += (all.empty() ? "" : ", ") +
           config::yaml_scalar(header.substr(0, std::min(header.find(':'), header.size())) + ": ***");
  return '[' + all + ']';
}

std::string setting_shown(std::string_view key, const std::string& value) {
  const config::Key* known = config::find_key(key);
  if (known != nullptr && known->unit == "url") return url_shown(value);
  if (key == "remote_write.headers") return headers_shown(value);
  if (value.starts_with("exec=")) return "exec=***";  // a whole command, with whatever it needs
  return run::mask_arguments({"ullage", value})[1];
}

}  // namespace

bool is_taken_on_at_once(std::string_view key) {
  constexpr std::string_view kKeys[] = {"daemon.interval",
                                        "daemon.textfile_directory",
                                        "daemon.executables_directory",
                                        "daemon.executables_interval",
                                        "daemon.executables_timeout",
                                        "daemon.executables_memory",
                                        "daemon.scrape_file",
                                        "daemon.custom_series",
                                        "server.names",
                                        "server.processes_over_tcp",
                                        "server.token_file"};
  return std::ranges::find(kKeys, key) != std::end(kKeys) || key.starts_with("server.tls.") ||
         key.starts_with("remote_write.");
}

const config::Setting& SettingsInForce::in_force(const std::string& key) const {
  return (is_taken_on_at_once(key) ? newest_ : at_start_).all().at(key);
}

std::vector<std::string> SettingsInForce::take_on(const config::Settings& settings) {
  std::vector<std::string> lines;
  for (const auto& [key, setting] : settings.all()) {
    if (newest_.all().at(key).value == setting.value) continue;
    const bool is_as_it_runs = at_start_.all().at(key).value == setting.value;
    lines.push_back(fmt::format("{}: {}{}", key, printable(setting_shown(key, setting.value)),
                                is_taken_on_at_once(key) ? ""
                                : is_as_it_runs          ? " again, as it is in force"
                                                         : " from the next start on"));
  }
  newest_ = settings;
  return lines;
}

std::map<std::string, std::string> SettingsInForce::shown() const {
  std::map<std::string, std::string> texts;
  for (const auto& [key, setting] : newest_.all()) texts[key] = setting_shown(key, in_force(key).value);
  return texts;
}

std::string SettingsInForce::yaml() const {
  std::string text;
  for (const config::Key& key : config::schema())
    text += config::yaml_line(key, setting_shown(key.name, in_force(std::string(key.name)).value)) + '\n';
  return text;
}

}  // namespace ullage::daemon
