// SPDX-License-Identifier: Apache-2.0
// The command line of a verb: its flags and words are declared here, and read by what completes and suggests.
// The parser is CLI11, whose headers take seconds to compile: only command.cpp and verb.cpp, which parses,
// see them. A Command and a Flag are handles, one pointer each: the parser owns what they speak of, and
// copies speak of the same. A declaration that contradicts itself throws: it is a mistake in the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): as CLI11 has it
class App;
class Option;
}  // namespace CLI

namespace ullage::cli {

// A flag, or a word of a verb, that was declared; the first calls say more of it.
class Flag {
 public:
  explicit Flag(CLI::Option& option) : option_(&option) {}

  Flag required() const;
  Flag one_of(const std::vector<std::string>& words) const;
  Flag between(int least, int most) const;
  Flag takes(int values_least, int values_most) const;
  Flag one_each_time() const;  // may be given any number of times, each with one value
  Flag separated_by(char delimiter) const;
  Flag excludes(Flag other) const;
  Flag group(std::string_view title) const;     // of the help
  Flag shows_default() const;                   // in the help: the value that its variable has now
  Flag shows_as(std::string_view value) const;  // in the help: what its value looks like, as NAME=VALUE

  bool was_given() const;  // on the command line, once that is parsed

  bool is_word() const;                     // not introduced by a name with dashes
  std::vector<std::string> names() const;   // the long ones, with their dashes
  std::vector<std::string> values() const;  // of one_of; empty for any
  std::string help() const;
  bool takes_value() const;

 private:
  CLI::Option* option_;
};

// A verb, or the program itself.
class Command {
 public:
  using Act = std::function<void()>;
  using ActOnValue = std::function<void(const std::string& value)>;

  explicit Command(CLI::App& app) : app_(&app) {}

  Command verb(std::string_view name, std::string_view help) const;  // one below this

  // Names are as "-o,--output"; one without dashes is that of a word. The variable is set while parsing.
  Flag flag(std::string_view names, bool& given, std::string_view help) const;
  Flag flag(std::string_view names, const Act& act, std::string_view help) const;
  Flag option(std::string_view names, std::string& value, std::string_view help) const;
  Flag option(std::string_view names, std::vector<std::string>& values, std::string_view help) const;
  Flag option(std::string_view names, int& value, std::string_view help) const;
  Flag option(std::string_view names, std::size_t& value, std::string_view help) const;
  Flag option(std::string_view names, std::optional<std::uint32_t>& value, std::string_view help) const;
  Flag option(std::string_view names, const ActOnValue& act, std::string_view help) const;
  // A value only as --name=value; bare it means `bare_value`.
  Flag option_or_bare(std::string_view names, std::string_view bare_value, const ActOnValue& act,
                      std::string_view help) const;

  void footer(std::string_view text) const;  // of the help; verbs that are added later inherit it
  void hide() const;                         // from the help of the verb above
  void runs_a_command() const;               // what begins with the first unknown word is somebody else's

  std::vector<std::string> left_over() const;  // of the command line: what was not declared

  std::string name() const;
  std::string help() const;
  std::vector<Command> verbs() const;  // one level below
  std::vector<Flag> flags() const;     // and words

  CLI::App& app() const { return *app_; }  // for what parses

 private:
  CLI::App* app_;
};

}  // namespace ullage::cli
