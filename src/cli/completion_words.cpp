// SPDX-License-Identifier: Apache-2.0
#include "cli/completion_words.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/profiles.h"
#include "config/schema.h"

namespace ullage::cli {

namespace {

// CLI11 writes what an option may be into its type: "TEXT:{owner,project,name}".
std::vector<std::string> words_in_braces(const std::string& type) {
  const std::size_t open = type.find('{'), close = type.find('}');
  std::vector<std::string> words;
  if (open == std::string::npos || close == std::string::npos) return words;
  std::string_view rest = std::string_view(type).substr(open + 1, close - open - 1);
  while (!rest.empty()) words.emplace_back(take_until(rest, ','));
  return words;
}

std::vector<std::string> values_of(const std::string& flag, const CLI::Option& option) {
  std::vector<std::string> values;
  if (flag == "--profile") {
    for (const config::Profile& profile : config::builtin_profiles()) values.emplace_back(profile.name);
    return values;
  }
  const auto schema = config::schema();
  const auto key = std::ranges::find(schema, flag, &config::Key::flag);
  if (key != schema.end())
    for (const std::string_view word : config::words_of(*key)) values.emplace_back(word);
  return values.empty() ? words_in_braces(option.get_type_name()) : values;
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const config::Key& key : config::schema()) {
    const std::string section(key.name.substr(0, key.name.find('.')));
    if (section != key.name && std::ranges::find(names, section) == names.end()) names.push_back(section);
    names.emplace_back(key.name);
  }
  return names;
}

CompletionVerb verb_of(const CLI::App& app, const std::string& path) {
  CompletionVerb verb{path, app.get_description(), {}, {}, {}, path == "ullage run"};
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
    verb.verbs.push_back(below->get_name());
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      for (const std::string& name : option->get_lnames())
        verb.flags.push_back({"--" + name, option->get_description(), option->get_items_expected_max() > 0,
                              values_of("--" + name, *option)});
    } else {
      std::ranges::copy(words_in_braces(option->get_type_name()), std::back_inserter(verb.words));
    }
  }
  if (path == "ullage config show") verb.words = setting_names();
  if (path == "ullage emit phase") verb.words = {"begin", "end"};
  return verb;
}

void add_below(const CLI::App& app, const std::string& path, std::vector<CompletionVerb>& verbs) {
  verbs.push_back(verb_of(app, path));
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
    add_below(*below, path + " " + below->get_name(), verbs);
}

}  // namespace

std::vector<CompletionVerb> completion_words(const CLI::App& top) {
  std::vector<CompletionVerb> verbs;
  add_below(top, "ullage", verbs);
  return verbs;
}

}  // namespace ullage::cli
