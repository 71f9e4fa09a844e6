// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Error.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "config/settings.h"

namespace ullage::cli {

namespace {

constexpr std::string_view kEverywhere = "Everywhere";  // the group of the flags that every verb has
constexpr int kRunFailed = 125;                         // as `run` itself ends with

// "-m,--memory" as an error names it.
std::string long_name(const std::string& flag) { return flag.substr(flag.rfind(',') + 1); }

// The flags that every verb has.
void add_common_flags(Command verb, Common& common) {
  verb.option("--config", common.config_file, "read this file instead of /etc's and the user's")
      .group(kEverywhere);
  verb.option("--profile", common.profile, "development, production, testing, or one of yours")
      .group(kEverywhere);
  verb.option("--state", common.state_directory, "where runs and the history are kept").group(kEverywhere);
}

// The verb that was typed, down to the last word of it.
CLI::App* deepest(CLI::App* app) {
  for (auto chosen = app->get_subcommands(); !chosen.empty(); chosen = app->get_subcommands())
    app = chosen.front();
  return app;
}

std::vector<std::string> names_of(Command verb, bool flags) {
  std::vector<std::string> names;
  if (flags) {
    for (const Flag flag : verb.flags()) std::ranges::move(flag.names(), std::back_inserter(names));
  } else {
    for (const Command below : verb.verbs()) names.push_back(below.name());
  }
  return names;
}

// A word that begins with "-" may be meant as one, where the verb takes words.
std::string hint_for(Command verb, const std::string& word) {
  const bool takes_words = std::ranges::any_of(verb.flags(), &Flag::is_word);
  std::string hint = suggestion(verb, word);
  if (word.starts_with("-") && !word.starts_with("--") && takes_words)
    hint += "; what begins with '-' and is no flag stands behind `--`";
  return hint;
}

// A flag that wants a value, with another flag behind it, which it would take for that.
std::optional<Error> taken_for_a_value(CLI::App& top, const std::vector<std::string>& words) {
  const auto option_of = [&](const std::string& word) {
    const CLI::Option* option = deepest(&top)->get_option_no_throw(word);
    return option != nullptr ? option : top.get_option_no_throw(word);
  };
  // What is left over is the command that the verb runs, whose flags are its own.
  CLI::App* const verb = deepest(&top);
  const std::size_t left_over = verb->get_prefix_command() ? verb->remaining_size() : 0;
  const std::size_t end = words.size() - std::min(words.size(), left_over);
  for (std::size_t i = 0; i + 1 < end && words[i] != "--"; ++i) {
    if (!words[i].starts_with("-") || !words[i + 1].starts_with("--")) continue;
    const CLI::Option* flag = option_of(words[i]);
    if (flag == nullptr || flag->get_expected_min() == 0 || option_of(words[i + 1]) == nullptr) continue;
    return Error{.what = words[i] + " wants a value, and " + words[i + 1] + " is a flag",
                 .hint = words[i] + "=" + words[i + 1] + " means that value"};
  }
  return std::nullopt;
}

int explain_parse_error(CLI::App& top, const CLI::ParseError& error, const std::vector<std::string>& words,
                        const Console& console) {
  if (const auto taken = taken_for_a_value(top, words)) return refuse(console, *taken);
  CLI::App* const verb = deepest(&top);
  const auto left_over = verb->remaining().empty() ? top.remaining() : verb->remaining();
  // get_name() would say which verb it was, not which kind of error.
  const bool is_missing = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  const bool something_unknown = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
                                 (is_missing && !left_over.empty() && left_over.front().starts_with("-"));
  if (something_unknown && !left_over.empty()) {
    const bool is_behind_dashes = left_over.front() == "--" && left_over.size() > 1;
    const std::string& word = left_over[is_behind_dashes ? 1 : 0];
    const bool wants_verb = !Command(*verb).verbs().empty();
    const std::string what = is_behind_dashes        ? "unexpected '"
                             : word.starts_with("-") ? "unknown flag '"
                             : wants_verb            ? "unknown verb '"
                                                     : "unexpected '";
    const std::string hint = is_behind_dashes ? "flags stand before `--`" : hint_for(Command(*verb), word);
    return refuse(console, {.what = what + printable(word) + "'", .hint = hint});
  }
  return refuse(console, {.what = printable(error.what())});
}

// The first word that is neither a flag nor a flag's value.
std::string typed_verb(const CLI::App& top, const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (!word.starts_with("-")) return word;
    const CLI::Option* flag = top.get_option_no_throw(word);
    if (flag != nullptr && flag->get_expected_max() > 0) ++i;
  }
  return {};
}

// What stands behind "--" is a command or a text there; elsewhere it is a name that begins with "-".
bool takes_words_as_they_are(const std::string& verb) { return verb == "run" || verb == "emit"; }

// "ullage query metrics"
std::string full_name(const CLI::App& app) {
  std::string full = app.get_name();
  for (const CLI::App* parent = app.get_parent(); parent != nullptr; parent = parent->get_parent())
    full = parent->get_name() + " " + full;
  return full;
}

// A flag of a verb that has verbs of its own, where one of these was typed: it would be of no effect.
const CLI::Option* flag_before_verb(CLI::App& top) {
  const CLI::App* const parent = deepest(&top)->get_parent();
  if (parent == nullptr || parent == &top) return nullptr;
  for (const CLI::Option* option : parent->get_options())
    if (option->count() > 0 && option->get_group() != kEverywhere) return option;
  return nullptr;
}

int act_on(CLI::App& top, const std::vector<Verb>& verbs, const Console& console) {
  const CLI::App* const typed = deepest(&top);
  for (const Verb& verb : verbs)
    if (&verb.command.app() == typed && verb.act) return verb.act();
  console.out << top.help();
  return typed == &top ? 0 : 2;
}

}  // namespace

std::string suggestion(Command verb, const std::string& word) {
  const bool is_flag = word.starts_with("-");
  const auto names = names_of(verb, is_flag);
  const std::vector<std::string_view> views(names.begin(), names.end());
  std::string guess = did_you_mean(word.substr(0, word.find('=')), views);
  if (!guess.empty()) return guess;
  return "see `" + full_name(verb.app()) + " --help`";
}

Flag Common::setting(Command verb, const std::string& flag, const std::string& key, const std::string& help) {
  return verb.option(
      flag, [this, flag, key](const std::string& value) { flags[key] = {value, long_name(flag)}; }, help);
}

Flag Common::setting_flag(Command verb, const std::string& flag, const std::string& key,
                          const std::string& value, const std::string& help) {
  return verb.flag(flag, [this, flag, key, value] { flags[key] = {value, long_name(flag)}; }, help);
}

Flag Common::setting_or_bare(Command verb, const std::string& flag, const std::string& key,
                             const std::string& bare_value, const std::string& help) {
  return verb.option_or_bare(
      flag, bare_value,
      [this, flag, key](const std::string& value) { flags[key] = {value, long_name(flag)}; }, help);
}

config::Sources Common::sources(const Console& console) const {
  config::Sources sources;
  sources.environment = console.environment;
  sources.working_directory = console.working_directory;
  sources.flags = flags;
  if (!config_file.empty()) sources.file = config_file;
  if (!profile.empty()) sources.profile = profile;
  if (!state_directory.empty()) sources.flags["state.directory"] = {state_directory, "--state"};
  return sources;
}

Result<config::Settings> Common::settings(const Console& console) const {
  return config::Settings::load(sources(console));
}

Result<std::string> Common::state(const Console& console) const {
  const auto loaded = settings(console);
  if (!loaded) return fail(loaded.error());
  if (loaded->is_set("state.directory")) return loaded->text("state.directory");
  return config::default_state_directory(console.environment);
}

int refuse(const Console& console, const Error& error) {
  console.err << "ullage: " << error.text() << '\n';
  return 2;
}

int run_command_line(std::vector<std::string> arguments, Console& console) {
  Common common;
  CLI::App top("Keeps compute work inside the memory, CPU and GPU it has.", "ullage");
  top.set_version_flag("--version", std::string("ullage ") + kVersion);
  top.require_subcommand(0, 1);
  add_common_flags(Command(top), common);
  std::vector<Verb> known;
  for (const AddVerb add : verbs())
    for (const Verb& verb : add(Command(top), common, console)) {
      if (verb.act) add_common_flags(verb.command, common);
      known.push_back(verb);
    }
  const auto dashes = std::ranges::find(arguments, "--");
  if (dashes != arguments.end() && takes_words_as_they_are(typed_verb(top, arguments))) {
    common.after_dashes.assign(dashes + 1, arguments.end());
    arguments.erase(dashes, arguments.end());
  }
  const std::vector<std::string> words = arguments;
  try {
    std::ranges::reverse(arguments);  // as CLI11 wants them
    top.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    console.out << top.help();  // goes down to the verb that was typed
    return 0;
  } catch (const CLI::CallForVersion& version) {
    console.out << version.what() << '\n';
    return 0;
  } catch (const CLI::ParseError& error) {
    const int code = explain_parse_error(top, error, words, console);
    // So that it is no exit code of the command's.
    return typed_verb(top, words) == "run" ? kRunFailed : code;
  }
  if (const auto taken = taken_for_a_value(top, words)) {
    const int code = refuse(console, *taken);
    return typed_verb(top, words) == "run" ? kRunFailed : code;
  }
  if (const CLI::Option* lost = flag_before_verb(top))
    return refuse(console,
                  {.what = lost->get_name() + " stands before the verb it is for",
                   .hint = "flags follow the verb: " + full_name(*deepest(&top)) + " " + lost->get_name()});
  return act_on(top, known, console);
}

}  // namespace ullage::cli
