// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include <fmt/format.h>

#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "config/profiles.h"
#include "config/schema.h"
#include "config/value.h"
#include "config/yaml_tree.h"

namespace ullage::config {

namespace {

class DocumentReader {
 public:
  // From believed_until on nothing is told: there the parser had stumbled.
  DocumentReader(const std::string& name, Scope scope, int believed_until, std::vector<Error>& errors)
      : name_(name), scope_(scope), believed_until_(believed_until), errors_(errors) {}

  void read_root(const Node& root, Document& document) {
    if (root.kind == Node::Kind::empty) return;
    if (root.kind != Node::Kind::mapping)
      return say(root, "keys were expected here", "a setting reads as 'key: value'");
    for (std::size_t i = 0; i < root.keys.size(); ++i) {
      if (root.keys[i].text == "profiles")
        read_profiles(root.keys[i], root.items[i], document);
      else
        read_key("", root.keys[i], root.items[i], document.entries);
    }
  }

 private:
  const std::string& name_;
  Scope scope_;
  int believed_until_;
  std::vector<Error>& errors_;

  void say(const Node& at, std::string what, std::string hint = {}) {
    if (at.line >= believed_until_) return;
    errors_.push_back({.what = std::move(what), .where = place(name_, at), .hint = std::move(hint)});
  }

  void read_key(const std::string& section, const Node& key_node, const Node& value, Entries& entries) {
    const std::string name = section.empty() ? key_node.text : section + "." + key_node.text;
    const Key* key = find_key(name);
    if (key == nullptr && is_section(name)) return read_section(name, value, entries);
    if (key == nullptr)
      return say(key_node, fmt::format("unknown key '{}'", printable(name)), nearest_key(name));
    if (scope_ == Scope::project && key->scope == Scope::owner)
      return say(key_node, fmt::format("a project's own file may not set {}: {}", name, key->owner_because),
                 "set it in your own ullage.yaml, by a variable or a flag");
    read_value(*key, key_node, value, entries);
  }

  void read_section(const std::string& name, const Node& value, Entries& entries) {
    if (value.kind == Node::Kind::empty) return;
    if (value.kind != Node::Kind::mapping)
      return say(value, fmt::format("'{}' is a section, not a value", name),
                 "its keys stand below it, indented");
    for (std::size_t i = 0; i < value.keys.size(); ++i)
      read_key(name, value.keys[i], value.items[i], entries);
  }

  void read_value(const Key& key, const Node& key_node, const Node& value, Entries& entries) {
    const std::string name(key.name);
    if (const auto first = entries.find(name); first != entries.end())
      return say(key_node, name + " is set twice", "first at " + first->second.place);
    auto checked = check_node(key, value);
    const Node& at = value.kind == Node::Kind::empty ? key_node : value;
    if (checked && key.unit == "folder" && !is_absolute_folder(*checked))
      checked = fail(fmt::format("'{}' is not an absolute path", printable(*checked)), {},
                     "write /a/path or ~/a/path");
    // A value that is refused still counts as set: a second one is told as such.
    entries.emplace(name, Entry{checked.value_or(""), place(name_, at)});
    if (checked) return;
    Error error = std::move(checked).error();
    say(at, name + ": " + error.what, error.hint);
  }

  static Result<std::string> check_node(const Key& key, const Node& value) {
    const bool list = key.type == Type::list;
    switch (value.kind) {
      case Node::Kind::empty:
        return check_value(key, "");
      case Node::Kind::scalar:
        return check_value(key, value.text);
      case Node::Kind::mapping:
        return fail("a mapping stands where a value should", {}, "it must be " + values_text(key));
      case Node::Kind::list:
        break;
    }
    if (!list) return fail("a list stands where one value should", {}, "it must be " + values_text(key));
    std::vector<std::string> items;
    for (const Node& item : value.items) {
      if (item.kind != Node::Kind::scalar) return fail("a list here holds single values only");
      items.push_back(item.text);
    }
    return check_items(key, items);
  }

  static bool is_absolute_folder(std::string_view value) {
    return value.empty() || value == "temporary" || value.starts_with('/') || value.starts_with("~/");
  }

  void read_profiles(const Node& key_node, const Node& value, Document& document) {
    if (scope_ == Scope::project)
      return say(key_node, "a project's own file may not define profiles",
                 "define them in your own ullage.yaml");
    if (value.kind == Node::Kind::empty) return;
    if (value.kind != Node::Kind::mapping)
      return say(value, "'profiles' holds profiles by name", "profiles: {nightly: {extends: production}}");
    for (std::size_t i = 0; i < value.keys.size(); ++i) read_profile(value.keys[i], value.items[i], document);
  }

  void read_profile(const Node& key_node, const Node& value, Document& document) {
    const std::string& name = key_node.text;
    if (find_builtin_profile(name) != nullptr)
      return say(key_node, fmt::format("the profile '{}' is built in", name),
                 fmt::format("give yours a name of its own and write 'extends: {}'", name));
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (name.empty() || name.size() > 64 || name.find_first_not_of(kAllowed) != std::string::npos)
      return say(key_node, fmt::format("'{}' cannot name a profile", printable(name)),
                 "use letters, digits, '-' and '_'");
    const auto [profile, is_new] =
        document.profiles.emplace(name, OwnProfile{"", place(name_, key_node), {}});
    if (!is_new)
      return say(key_node, fmt::format("the profile '{}' is defined twice", name),
                 "first at " + profile->second.place);
    if (value.kind == Node::Kind::empty) return;
    if (value.kind != Node::Kind::mapping)
      return say(value, fmt::format("the profile '{}' must hold keys", name),
                 "for instance 'extends: production'");
    for (std::size_t i = 0; i < value.keys.size(); ++i)
      read_profile_key(value.keys[i], value.items[i], profile->second);
  }

  void read_profile_key(const Node& key_node, const Node& value, OwnProfile& profile) {
    if (key_node.text == "profile")
      return say(key_node, "a profile cannot choose a profile", "'extends: NAME' builds on one");
    if (key_node.text != "extends") return read_key("", key_node, value, profile.entries);
    if (value.kind != Node::Kind::scalar) return say(key_node, "'extends' takes the name of one profile");
    if (!profile.extends.empty()) return say(key_node, "'extends' is set twice");
    profile.extends = value.text;
  }
};

}  // namespace

Document parse_document(std::string_view text, const std::string& name, Scope scope,
                        std::vector<Error>& errors) {
  Document document;
  if (text.size() > kDocumentLimitBytes) {
    errors.push_back(
        {.what = fmt::format("is larger than {} KiB", kDocumentLimitBytes / 1024), .where = name});
    return document;
  }
  const Tree tree = parse_yaml(text, name);
  DocumentReader(name, scope, tree.stopped ? tree.stopped_line : std::numeric_limits<int>::max(), errors)
      .read_root(tree.root, document);
  if (tree.stopped) errors.push_back(*tree.stopped);
  return document;
}

}  // namespace ullage::config
