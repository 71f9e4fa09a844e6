// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/verb.h"
#include "config/reference.h"
#include "config/schema.h"
#include "config/settings.h"
#include "config/value.h"
#include "sense/custom/scrape_config.h"

namespace ullage::cli {

namespace {

using config::FileKind;
using config::Setting;
using config::Settings;
using nlohmann::json;

// ---- show

json json_value(const config::Key& key, const Setting& setting) {
  const auto words = config::words_of(key);
  const bool is_word = std::ranges::find(words, setting.value) != words.end();
  if (setting.value.empty()) return nullptr;
  if (is_word) return setting.value;
  switch (key.type) {
    case config::Type::flag:
      return setting.value == "true";
    case config::Type::number:
      return key.unit == "ratio" ? *config::parse_ratio(setting.value) : *parse_number(setting.value);
    case config::Type::count:
      return *to_unsigned(setting.value);
    case config::Type::bytes:
      return *parse_bytes(setting.value);
    case config::Type::duration:
      return to_seconds(*parse_duration(setting.value));
    case config::Type::list:
      if (key.unit == "ratio") {
        json ratios = json::array();
        for (const std::string& item : config::split_list(setting.value))
          ratios.push_back(*config::parse_ratio(item));
        return ratios;
      }
      return config::split_list(setting.value);
    case config::Type::text:
    case config::Type::choice:
      return setting.value;
  }
  return nullptr;
}

std::string_view json_unit(const config::Key& key) {
  if (key.type == config::Type::bytes) return "bytes";
  return key.type == config::Type::duration ? "seconds" : key.unit;
}

json json_setting(const config::Key& key, const Setting& setting) {
  return {{"key", key.name},
          {"value", json_value(key, setting)},
          {"unit", json_unit(key)},
          {"text", setting.value},
          {"source", config::to_string(setting.origin.source)},
          {"place", setting.origin.place}};
}

struct ShowOptions {
  std::vector<std::string> keys;
  bool origin = false;
  bool as_json = false;
};

Result<std::vector<const config::Key*>> wanted_keys(const std::vector<std::string>& names) {
  std::vector<const config::Key*> keys;
  for (const config::Key& key : config::schema()) {
    const auto means = [&](const std::string& name) {
      return key.name == name || key.name.starts_with(name + ".");
    };
    if (names.empty() || std::ranges::any_of(names, means)) keys.push_back(&key);
  }
  for (const std::string& name : names)
    if (config::find_key(name) == nullptr && !config::is_section(name))
      return fail(fmt::format("unknown key '{}'", printable(name)), {}, config::nearest_key(name));
  return keys;
}

void print_settings(const Settings& settings, const std::vector<const config::Key*>& keys, bool origin,
                    std::ostream& out) {
  constexpr std::size_t kOriginColumn = 44;
  for (const config::Key* key : keys) {
    const Setting& setting = settings.all().at(std::string(key->name));
    const std::string line = config::yaml_line(*key, setting.value);  // --config can read it again
    if (origin)
      out << fmt::format("{:<{}}  # {}\n", line, kOriginColumn, printable(setting.origin.text()));
    else
      out << line << '\n';
  }
}

int show(const Settings& settings, const ShowOptions& options, const Console& console) {
  const auto keys = wanted_keys(options.keys);
  if (!keys) return refuse(console, keys.error());
  if (!options.as_json) {
    print_settings(settings, *keys, options.origin, console.out);
    return 0;
  }
  json listed = json::array();
  for (const config::Key* key : *keys)
    listed.push_back(json_setting(*key, settings.all().at(std::string(key->name))));
  const json whole = {{"version", 1},
                      {"profile", settings.profile()},
                      {"files", settings.files()},
                      {"settings", listed},
                      {"unknown_variables", settings.unknown_variables()}};
  console.out << whole.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
  return 0;
}

Verb add_show(Command config, Common& common, Console& console) {
  const Command verb =
      config.verb("show", "Print the settings that hold now, as a file that --config reads.");
  const auto options = std::make_shared<ShowOptions>();
  verb.option("key", options->keys, "only these keys or sections");
  verb.flag("--origin", options->origin, "and where each comes from");
  verb.flag("--json", options->as_json, "as JSON, with values in base units and their origin");
  return {verb, [options, &common, &console] {
            const auto settings = common.settings(console);
            return settings ? show(*settings, *options, console) : refuse(console, settings.error());
          }};
}

// ---- check

struct CheckOptions {
  std::vector<std::string> files;
  std::string as = "name";
  bool as_json = false;
};

struct Checked {
  std::string file;  // empty: all that would be loaded
  std::string read_as;
  std::vector<Error> errors;
};

FileKind kind_of(const std::string& as) {
  return as == "project" ? FileKind::project : as == "owner" ? FileKind::owner : FileKind::by_name;
}

// The file of scrape targets that the settings name is part of them.
std::vector<Error> check_named_files(const Settings& settings) {
  if (!settings.is_set("daemon.scrape_file")) return {};
  std::vector<Error> errors = sense::check_scrape_file(settings.text("daemon.scrape_file"));
  const std::string& place = settings.all().at("daemon.scrape_file").origin.place;
  for (Error& error : errors)
    if (error.system_error != 0) error.where = place + ": daemon.scrape_file: " + error.where;
  return errors;
}

// An owner's file by itself, as --config would read it: what it names is checked where it says so itself.
std::vector<Error> check_what_it_names(const std::string& file, config::Sources sources) {
  sources.file = file;
  const auto loaded = Settings::load_or_errors(sources);
  if (!loaded) return {};
  const bool is_said_here =
      loaded->all().at("daemon.scrape_file").origin.place.find(file) != std::string::npos;
  return is_said_here ? check_named_files(*loaded) : std::vector<Error>();
}

std::vector<Checked> check_files(const CheckOptions& options, const config::Sources& sources) {
  std::vector<Checked> all;
  for (const std::string& file : options.files) {
    FileKind kind = kind_of(options.as);
    if (kind == FileKind::by_name) kind = config::kind_by_name(file, sources);
    const std::string read_as = kind == FileKind::project ? "a project's own file" : "an owner's file";
    std::vector<Error> errors = config::check_file(file, kind, sources);
    if (errors.empty() && kind != FileKind::project) errors = check_what_it_names(file, sources);
    all.push_back({file, read_as, std::move(errors)});
  }
  if (!options.files.empty()) return all;
  auto loaded = Settings::load_or_errors(sources);
  Checked whole;
  if (!loaded) {
    whole.errors = std::move(loaded.error());
  } else {
    whole.errors = check_named_files(*loaded);
    whole.read_as = loaded->files().empty() ? "no file" : fmt::format("{}", fmt::join(loaded->files(), ", "));
  }
  all.push_back(std::move(whole));
  return all;
}

json json_checked(const Checked& checked) {
  json errors = json::array();
  for (const Error& error : checked.errors)
    errors.push_back({{"where", error.where}, {"what", error.what}, {"hint", error.hint}});
  return {{"file", checked.file.empty() ? json() : json(checked.file)},
          {"read_as", checked.read_as},
          {"errors", errors}};
}

void print_checked(const Checked& checked, std::ostream& out) {
  for (const Error& error : checked.errors) out << printable(error.text()) << '\n';
  if (!checked.errors.empty()) return;
  if (checked.file.empty())
    out << printable("nothing wrong; read: " + checked.read_as) << '\n';
  else
    out << printable(checked.file + ": nothing wrong, read as " + checked.read_as) << '\n';
}

int check_all(const CheckOptions& options, const Common& common, const Console& console) {
  const config::Sources sources = common.sources(console);
  const auto all = check_files(options, sources);
  const auto unknown = config::unknown_variables(console.environment);
  if (options.as_json) {
    json files = json::array();
    for (const Checked& checked : all) files.push_back(json_checked(checked));
    const json whole = {{"version", 1}, {"checked", files}, {"unknown_variables", unknown}};
    console.out << whole.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
  } else {
    for (const Checked& checked : all) print_checked(checked, console.out);
    for (const std::string& name : unknown) console.out << "note: no setting is called " << name << '\n';
  }
  bool unreadable = false, wrong = false;
  for (const Checked& checked : all)
    for (const Error& error : checked.errors) (error.system_error != 0 ? unreadable : wrong) = true;
  return unreadable ? 2 : wrong ? 1 : 0;
}

Verb add_check(Command config, Common& common, Console& console) {
  const Command verb =
      config.verb("check", "Tell all that is wrong in a settings file; exit 1 if anything is.");
  const auto options = std::make_shared<CheckOptions>();
  verb.option("file", options->files, "files to read over; without one, all that would be loaded");
  verb.option("--as", options->as, "whose rules hold: owner's, project's, or by the file's name")
      .one_of({"owner", "project", "name"});
  verb.flag("--json", options->as_json, "as JSON");
  return {verb, [options, &common, &console] { return check_all(*options, common, console); }};
}

// ---- init

struct InitOptions {
  std::string file;
  bool project = false;
  bool force = false;
};

Result<std::string> init_path(const InitOptions& options, const Console& console) {
  if (!options.file.empty()) return options.file;
  if (options.project) return std::string("ullage.yaml");
  const std::string path = config::user_file(console.environment);
  if (path.empty()) return fail("there is no home folder to write to", {}, "name a file");
  return path;
}

int init(const InitOptions& options, const Console& console) {
  const std::string text = config::init_text(options.project ? config::Scope::project : config::Scope::owner);
  if (options.file == "-") {
    console.out << text;
    return 0;
  }
  const auto path = init_path(options, console);
  if (!path) return refuse(console, path.error());
  if (file_exists(*path) && !options.force)
    return refuse(console, {.what = "is there already", .where = *path, .hint = "--force replaces it"});
  const std::size_t slash = path->rfind('/');
  if (slash != std::string::npos && slash > 0)
    if (const auto made = make_folders(path->substr(0, slash)); !made) return refuse(console, made.error());
  if (const auto written = replace_file(*path, text); !written) return refuse(console, written.error());
  console.out << "written: " << printable(*path) << '\n';
  return 0;
}

Verb add_init(Command config, Console& console) {
  const Command verb = config.verb("init", "Write a settings file that explains every key.");
  const auto options = std::make_shared<InitOptions>();
  verb.option("file", options->file, "where to; '-' prints it; without one, your own file");
  verb.flag("--project", options->project, "only what a project's own ullage.yaml may set, to ./ullage.yaml");
  verb.flag("--force", options->force, "replace the file if it is there");
  return {verb, [options, &console] { return init(*options, console); }};
}

}  // namespace

std::vector<Verb> add_config(Command parent, Common& common, Console& console) {
  const Command config = parent.verb("config", "Write, show and check settings.");
  return {{config},
          add_init(config, console),
          add_show(config, common, console),
          add_check(config, common, console)};
}

}  // namespace ullage::cli
