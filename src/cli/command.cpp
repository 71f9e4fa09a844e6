// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <CLI/App.hpp>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace ullage::cli {

namespace {

template <typename Value>
Flag add_option(CLI::App& app, std::string_view names, Value& value, std::string_view help) {
  return Flag(*app.add_option(std::string(names), value, std::string(help)));
}

}  // namespace

Flag Flag::required() const { return Flag(*option_->required()); }

Flag Flag::one_of(const std::vector<std::string>& words) const {
  return Flag(*option_->check(CLI::IsMember(words)));
}

Flag Flag::between(int least, int most) const { return Flag(*option_->check(CLI::Range(least, most))); }

Flag Flag::takes(int values_least, int values_most) const {
  return Flag(*option_->expected(values_least, values_most));
}

Flag Flag::one_each_time() const {
  return Flag(*option_->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
}

Flag Flag::separated_by(char delimiter) const { return Flag(*option_->delimiter(delimiter)); }

Flag Flag::excludes(Flag other) const { return Flag(*option_->excludes(other.option_)); }

Flag Flag::group(std::string_view title) const { return Flag(*option_->group(std::string(title))); }

Flag Flag::shows_default() const { return Flag(*option_->capture_default_str()); }

Flag Flag::shows_as(std::string_view value) const { return Flag(*option_->type_name(std::string(value))); }

bool Flag::was_given() const { return option_->count() > 0; }

bool Flag::is_word() const { return !option_->nonpositional(); }

std::vector<std::string> Flag::names() const {
  std::vector<std::string> names;
  for (const std::string& name : option_->get_lnames()) names.push_back("--" + name);
  return names;
}

// CLI11 keeps them only within the text of the type: "TEXT:{owner,project,name}".
std::vector<std::string> Flag::values() const {
  const std::string type = option_->get_type_name();
  const std::size_t open = type.find('{'), close = type.find('}');
  std::vector<std::string> words;
  if (open == std::string::npos || close == std::string::npos) return words;
  std::string_view rest = std::string_view(type).substr(open + 1, close - open - 1);
  while (!rest.empty()) words.emplace_back(take_until(rest, ','));
  return words;
}

std::string Flag::help() const { return option_->get_description(); }

bool Flag::takes_value() const { return option_->get_items_expected_max() > 0; }

Command Command::verb(std::string_view name, std::string_view help) const {
  return Command(*app_->add_subcommand(std::string(name), std::string(help)));
}

Flag Command::flag(std::string_view names, bool& given, std::string_view help) const {
  return Flag(*app_->add_flag(std::string(names), given, std::string(help)));
}

Flag Command::flag(std::string_view names, const Act& act, std::string_view help) const {
  return Flag(*app_->add_flag_callback(std::string(names), act, std::string(help)));
}

Flag Command::option(std::string_view names, std::string& value, std::string_view help) const {
  return add_option(*app_, names, value, help);
}

Flag Command::option(std::string_view names, std::vector<std::string>& values, std::string_view help) const {
  return add_option(*app_, names, values, help);
}

Flag Command::option(std::string_view names, int& value, std::string_view help) const {
  return add_option(*app_, names, value, help);
}

Flag Command::option(std::string_view names, std::size_t& value, std::string_view help) const {
  return add_option(*app_, names, value, help);
}

Flag Command::option(std::string_view names, std::optional<std::uint32_t>& value,
                     std::string_view help) const {
  return add_option(*app_, names, value, help);
}

Flag Command::option(std::string_view names, const ActOnValue& act, std::string_view help) const {
  return Flag(*app_->add_option_function<std::string>(std::string(names), act, std::string(help)));
}

Flag Command::option_or_bare(std::string_view names, std::string_view bare_value, const ActOnValue& act,
                             std::string_view help) const {
  std::string with_bare_value(names);
  with_bare_value.append("{").append(bare_value).append("}");
  // CLI11 wants a variable as well, which lives as long as what is called.
  const auto parsed = std::make_shared<std::string>();
  return Flag(*app_->add_flag(with_bare_value, *parsed, std::string(help))
                   ->each([act, parsed](const std::string& value) { act(value); }));
}

void Command::footer(std::string_view text) const { app_->footer(std::string(text)); }

void Command::hide() const { app_->group(""); }

void Command::runs_a_command() const { app_->prefix_command(); }

std::vector<std::string> Command::left_over() const { return app_->remaining(); }

std::string Command::name() const { return app_->get_name(); }

std::string Command::help() const { return app_->get_description(); }

std::vector<Command> Command::verbs() const {
  std::vector<Command> verbs;
  for (CLI::App* below : app_->get_subcommands([](const CLI::App*) { return true; }))
    verbs.emplace_back(*below);
  return verbs;
}

std::vector<Flag> Command::flags() const {
  std::vector<Flag> flags;
  for (CLI::Option* option : app_->get_options()) flags.emplace_back(*option);
  return flags;
}

}  // namespace ullage::cli
