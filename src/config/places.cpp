// SPDX-License-Identifier: Apache-2.0
// Where settings and state are found: the XDG folders, and a project's file from a folder upwards.
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <string>

#include "base/file.h"
#include "config/settings.h"

namespace ullage::config {

namespace {

using Environment = std::map<std::string, std::string>;

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

// The XDG specification: a relative path in such a variable is to be ignored.
std::string absolute_variable(const Environment& environment, const std::string& name) {
  const std::string value = variable(environment, name);
  return value.starts_with('/') ? value : "";
}

bool a_stranger_may_have_laid_it(const std::string& folder, const struct stat& file) {
  struct stat info;
  if (::stat(folder.empty() ? "/" : folder.c_str(), &info) != 0) return true;
  return (info.st_mode & S_IWOTH) != 0 && file.st_uid != ::geteuid() && file.st_uid != 0;
}

}  // namespace

std::string user_file(const Environment& environment) {
  const std::string base = absolute_variable(environment, "XDG_CONFIG_HOME");
  if (!base.empty()) return base + "/ullage/ullage.yaml";
  const std::string home = absolute_variable(environment, "HOME");
  return home.empty() ? "" : home + "/.config/ullage/ullage.yaml";
}

std::optional<std::string> find_project_file(const std::string& working_directory) {
  if (!working_directory.starts_with('/')) return std::nullopt;
  for (std::string folder = working_directory;; folder.resize(folder.rfind('/'))) {
    while (folder.ends_with('/')) folder.pop_back();
    struct stat info;
    const std::string path = folder + "/ullage.yaml";
    const bool is_file = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
    if (is_file && !a_stranger_may_have_laid_it(folder, info)) return path;
    if (folder.empty() || ::stat((folder + "/.git").c_str(), &info) == 0) return std::nullopt;
  }
}

std::string default_state_directory(const Environment& environment) {
  // systemd joins several with ':'; the first is the one that holds state.
  const std::string given = absolute_variable(environment, "STATE_DIRECTORY");
  if (!given.empty()) return given.substr(0, given.find(':'));
  const std::string base = absolute_variable(environment, "XDG_STATE_HOME");
  if (!base.empty()) return base + "/ullage";
  const std::string home = absolute_variable(environment, "HOME");
  if (!home.empty()) return home + "/.local/state/ullage";
  return "/tmp/ullage-" + std::to_string(::getuid());
}

std::string temporary_state_directory(const Environment& environment) {
  const std::string runtime = absolute_variable(environment, "XDG_RUNTIME_DIR");
  // Root that has a user's variables leaves the user's folder alone.
  if (!runtime.empty() && is_own_folder(runtime, 0)) return runtime + "/ullage-testing";
  const std::string temporary = absolute_variable(environment, "TMPDIR");
  return (temporary.empty() ? "/tmp" : temporary) + "/ullage-testing-" + std::to_string(::getuid());
}

}  // namespace ullage::config
