// SPDX-License-Identifier: Apache-2.0
#include "cli/completion_words.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "config/profiles.h"
#include "config/schema.h"

namespace ullage::cli {

namespace {

std::vector<std::string> values_of(const std::string& name, Flag flag) {
  std::vector<std::string> values;
  if (name == "--profile") {
    for (const config::Profile& profile : config::builtin_profiles()) values.emplace_back(profile.name);
    return values;
  }
  const auto schema = config::schema();
  const auto key = std::ranges::find(schema, name, &config::Key::flag);
  if (key != schema.end())
    for (const std::string_view word : config::words_of(*key)) values.emplace_back(word);
  return values.empty() ? flag.values() : values;
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

CompletionVerb verb_of(Command command, const std::string& path) {
  CompletionVerb verb{path, command.help(), {}, {}, {}, path == "ullage run"};
  for (const Command below : command.verbs()) verb.verbs.push_back(below.name());
  for (const Flag flag : command.flags()) {
    if (flag.is_word()) {
      std::ranges::copy(flag.values(), std::back_inserter(verb.words));
    } else {
      for (const std::string& name : flag.names())
        verb.flags.push_back({name, flag.help(), flag.takes_value(), values_of(name, flag)});
    }
  }
  if (path == "ullage config show") verb.words = setting_names();
  if (path == "ullage emit phase") verb.words = {"begin", "end"};
  return verb;
}

void add_below(Command command, const std::string& path, std::vector<CompletionVerb>& verbs) {
  verbs.push_back(verb_of(command, path));
  for (const Command below : command.verbs()) add_below(below, path + " " + below.name(), verbs);
}

}  // namespace

std::vector<CompletionVerb> completion_words(Command top) {
  std::vector<CompletionVerb> verbs;
  add_below(top, "ullage", verbs);
  return verbs;
}

}  // namespace ullage::cli
