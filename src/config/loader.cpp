// SPDX-License-Identifier: Apache-2.0
// Settings::load: reads every source, then lays them over one another, weakest first. What is wrong is
// collected until all has been seen.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "config/document.h"
#include "config/profiles.h"
#include "config/schema.h"
#include "config/settings.h"
#include "config/value.h"

namespace ullage::config {

namespace {

using Environment = std::map<std::string, std::string>;
using Source = Origin::Source;

struct LoadedFile {
  Source source;
  std::string path;
  Document document;
};

bool same_file(const std::string& a, const std::string& b) {
  struct stat first, second;
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

Result<Document> read_document(const std::string& path, Scope scope, std::vector<Error>& errors) {
  // One byte more than is allowed, so that a file that is too large is told as such.
  auto text = read_file(path, kDocumentLimitBytes + 1);
  if (!text) return pass_on(text);
  return parse_document(*text, path, scope, errors);
}

std::vector<std::string_view> profile_names(const std::map<std::string, OwnProfile>& own) {
  std::vector<std::string_view> names;
  for (const Profile& profile : builtin_profiles()) names.push_back(profile.name);
  for (const auto& [name, profile] : own) names.push_back(name);
  return names;
}

Error unknown_profile(const std::string& name, const std::string& where,
                      const std::map<std::string, OwnProfile>& own) {
  const auto names = profile_names(own);
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = fmt::format("there are {}", fmt::join(names, ", "));
  return {.what = fmt::format("unknown profile '{}'", printable(name)), .where = where, .hint = hint};
}

// Line and column of an error in a file, for order: the ends of "ullage.yaml:3:13".
std::pair<std::uint64_t, std::uint64_t> line_and_column(const Error& error) {
  const std::string_view where = error.where;
  const std::size_t second = where.rfind(':');
  const std::size_t first =
      second == std::string_view::npos || second == 0 ? second : where.rfind(':', second - 1);
  if (first == std::string_view::npos || first == 0) return {0, 0};
  return {to_unsigned(where.substr(first + 1, second - first - 1)).value_or(0),
          to_unsigned(where.substr(second + 1)).value_or(0)};
}

// Profiles that extend what is not there, or one another in a ring.
void check_profiles(const std::map<std::string, OwnProfile>& own, std::vector<Error>& errors) {
  for (const auto& [name, profile] : own) {
    std::set<std::string> seen = {name};
    for (std::string next = profile.extends; !next.empty() && find_builtin_profile(next) == nullptr;) {
      const auto found = own.find(next);
      if (found == own.end()) {
        if (next == profile.extends) errors.push_back(unknown_profile(next, profile.place, own));
        break;
      }
      if (!seen.insert(next).second) {
        errors.push_back(
            {.what = fmt::format("the profile '{}' extends itself", name), .where = profile.place});
        break;
      }
      next = found->second.extends;
    }
  }
}

}  // namespace

class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_(sources) {}

  tl::expected<Settings, std::vector<Error>> load() {
    read_files();
    for (const LoadedFile& file : files_)
      for (const auto& [name, profile] : file.document.profiles) profiles_[name] = profile;
    check_profiles(profiles_, errors_);
    for (const Key& key : schema())
      set(std::string(key.name), check_value(key, key.default_value).value_or(""), {});
    lay_profile();
    for (const LoadedFile& file : files_)
      for (const auto& [name, entry] : file.document.entries)
        set(name, entry.value, {file.source, entry.place});
    lay_variables();
    lay_flags();
    settle_state_directory();
    if (!errors_.empty()) return tl::unexpected(std::move(errors_));
    for (const LoadedFile& file : files_) settings_.files_.push_back(file.path);
    settings_.unknown_variables_ = unknown_variables(sources_.environment);
    return std::move(settings_);
  }

 private:
  const Sources& sources_;
  std::vector<LoadedFile> files_;
  std::map<std::string, OwnProfile> profiles_;
  Settings settings_;
  std::vector<Error> errors_;

  void set(const std::string& key, std::string value, Origin origin) {
    settings_.settings_[key] = {std::move(value), std::move(origin)};
  }

  void read_files() {
    if (sources_.file) {
      read_one(Source::file, *sources_.file, Scope::owner);
    } else {
      read_one(Source::system_file, sources_.system_file, Scope::owner);
      if (const std::string user = user_file(sources_.environment); !user.empty())
        read_one(Source::user_file, user, Scope::owner);
    }
    const auto project = find_project_file(sources_.working_directory);
    const auto already = [&](const LoadedFile& file) { return same_file(file.path, *project); };
    if (project && std::ranges::none_of(files_, already))
      read_one(Source::project_file, *project, Scope::project);
  }

  void read_one(Source source, const std::string& path, Scope scope) {
    auto document = read_document(path, scope, errors_);
    if (document) {
      files_.push_back({source, path, *std::move(document)});
      return;
    }
    const int reason = document.error().system_error;
    // Nothing that this user could know of: it is not there, or lies in somebody else's home (HOME is kept by
    // setpriv and some sudo).
    const bool unseen = reason == ENOENT || reason == ENOTDIR || (reason == EACCES && !file_exists(path));
    const bool may_lack = source != Source::file && unseen;
    if (!may_lack) errors_.push_back(std::move(document).error());
  }

  // The strongest word on it: flag, variable, project, user, system.
  Setting chosen_profile() const {
    if (sources_.profile) return {*sources_.profile, {Source::flag, "--profile"}};
    if (const auto flag = sources_.flags.find("profile"); flag != sources_.flags.end())
      return {flag->second.first, {Source::flag, flag->second.second}};
    const auto variable = sources_.environment.find("ULLAGE_PROFILE");
    if (variable != sources_.environment.end() && !variable->second.empty())
      return {variable->second, {Source::variable, "ULLAGE_PROFILE"}};
    for (auto file = files_.rbegin(); file != files_.rend(); ++file)
      if (const auto entry = file->document.entries.find("profile"); entry != file->document.entries.end())
        return {entry->second.value, {file->source, entry->second.place}};
    return {std::string(find_key("profile")->default_value), {}};
  }

  void lay_profile() {
    const Setting chosen = chosen_profile();
    if (chosen.value.empty()) return;  // refused already, where it stands
    if (find_builtin_profile(chosen.value) == nullptr && !profiles_.contains(chosen.value)) {
      errors_.push_back(unknown_profile(chosen.value, chosen.origin.place, profiles_));
      return;
    }
    if (chosen.origin.source == Source::project_file && find_builtin_profile(chosen.value) == nullptr) {
      errors_.push_back(
          {.what = fmt::format("a project's own file may not choose your profile '{}'", chosen.value),
           .where = chosen.origin.place,
           .hint = "it may choose one that is built in"});
      return;
    }
    lay_profile_values(chosen.value, 0);
  }

  void lay_profile_values(const std::string& name, std::size_t depth) {
    if (depth > profiles_.size()) return;  // a ring, told by check_profiles
    if (const Profile* builtin = find_builtin_profile(name)) {
      for (const auto& [key, value] : builtin->values)
        set(std::string(key), check_value(*find_key(key), value).value_or(""), {Source::profile, name});
      return;
    }
    const auto own = profiles_.find(name);
    if (own == profiles_.end()) return;
    if (!own->second.extends.empty()) lay_profile_values(own->second.extends, depth + 1);
    for (const auto& [key, entry] : own->second.entries)
      set(key, entry.value, {Source::profile, fmt::format("{} ({})", name, entry.place)});
  }

  void lay_variables() {
    for (const Key& key : schema()) {
      const auto found = sources_.environment.find(variable_of(key));
      if (found == sources_.environment.end() || found->second.empty()) continue;
      lay(key, found->second, {Source::variable, found->first});
    }
  }

  void lay_flags() {
    for (const auto& [name, given] : sources_.flags) {
      const Key* key = find_key(name);
      check(key != nullptr, "a flag sets a key of the schema");
      lay(*key, given.first, {Source::flag, given.second});
    }
    if (sources_.profile) lay(*find_key("profile"), *sources_.profile, {Source::flag, "--profile"});
  }

  void lay(const Key& key, const std::string& text, Origin origin) {
    auto value = check_value(key, text);
    if (value) return set(std::string(key.name), *std::move(value), std::move(origin));
    Error error = std::move(value).error();
    error.where = origin.place;
    errors_.push_back(std::move(error));
  }

  void settle_state_directory() {
    std::string& folder = settings_.settings_["state.directory"].value;
    const auto home = sources_.environment.find("HOME");
    if (folder.empty())
      folder = default_state_directory(sources_.environment);
    else if (folder == "temporary")
      folder = temporary_state_directory(sources_.environment);
    else if (folder.starts_with("~/") && home != sources_.environment.end())
      folder = home->second + folder.substr(1);
    else if (!folder.starts_with('/'))
      folder = sources_.working_directory + "/" + folder;
  }
};

tl::expected<Settings, std::vector<Error>> Settings::load_or_errors(const Sources& sources) {
  return Loader(sources).load();
}

Result<Settings> Settings::load(const Sources& sources) {
  auto loaded = load_or_errors(sources);
  if (loaded) return *std::move(loaded);
  std::vector<Error>& errors = loaded.error();
  if (errors.size() == 1) return fail(std::move(errors.front()));
  std::string lines = fmt::format("the settings hold {} errors", errors.size());
  for (const Error& error : errors) lines += "\n  " + error.text();
  return fail(std::move(lines));
}

FileKind kind_by_name(const std::string& path, const Sources& sources) {
  const bool named_so = path.substr(path.rfind('/') + 1) == "ullage.yaml";
  const bool owners = same_file(path, sources.system_file) || same_file(path, user_file(sources.environment));
  return named_so && !owners ? FileKind::project : FileKind::owner;
}

std::vector<Error> check_file(const std::string& path, FileKind kind, const Sources& sources) {
  if (kind == FileKind::by_name) kind = kind_by_name(path, sources);
  const Scope scope = kind == FileKind::project ? Scope::project : Scope::owner;
  std::vector<Error> errors, elsewhere;
  const auto document = read_document(path, scope, errors);
  if (!document) return {document.error()};
  std::map<std::string, OwnProfile> profiles = document->profiles;
  for (const std::string& other : {sources.system_file, user_file(sources.environment)})
    if (const auto known = read_document(other, Scope::owner, elsewhere))
      profiles.insert(known->profiles.begin(), known->profiles.end());
  check_profiles(profiles, kind == FileKind::project ? elsewhere : errors);
  const auto chosen = document->entries.find("profile");
  if (chosen != document->entries.end() && !chosen->second.value.empty()) {
    const bool builtin = find_builtin_profile(chosen->second.value) != nullptr;
    if (!builtin && (kind == FileKind::project || !profiles.contains(chosen->second.value)))
      errors.push_back(
          unknown_profile(chosen->second.value, chosen->second.place,
                          kind == FileKind::project ? std::map<std::string, OwnProfile>{} : profiles));
  }
  std::ranges::sort(errors, {},
                    [](const Error& error) { return std::pair(line_and_column(error), error.what); });
  return errors;
}

std::vector<std::string> unknown_variables(const Environment& environment) {
  std::vector<std::string> known;
  for (const Key& key : schema()) known.push_back(variable_of(key));
  for (const std::string_view name : reserved_variables()) known.emplace_back(name);
  const std::vector<std::string_view> views(known.begin(), known.end());
  std::vector<std::string> unknown;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("ULLAGE_") || std::ranges::find(views, name) != views.end()) continue;
    const std::string meant = did_you_mean(name, views);
    unknown.push_back(printable(name) + (meant.empty() ? "" : " (" + meant + ")"));
  }
  return unknown;
}

}  // namespace ullage::config
