// SPDX-License-Identifier: Apache-2.0
// How keys are found, and how the schema speaks of them to a person.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/schema.h"
#include "config/value.h"

namespace ullage::config {

namespace {

std::string_view noun(const Key& key) {
  switch (key.type) {
    case Type::flag:
      return "true or false";
    case Type::text:
      return key.unit == "folder" ? "a folder" : key.unit == "url" ? "an address of HTTP" : "a text";
    case Type::number:
      return key.unit == "ratio" ? "a ratio" : key.unit == "cores" ? "a number of cores" : "a number";
    case Type::count:
      return "a whole number";
    case Type::bytes:
      return "a size";
    case Type::duration:
      return "a duration";
    case Type::choice:
      return "one of";
    case Type::list:
      return key.unit == "ratio" ? "a list of ratios" : "a list of texts";
  }
  return "";
}

std::string joined_words(const Key& key) {
  std::string text;
  for (const std::string_view word : words_of(key)) {
    if (!text.empty()) text += ", ";
    text += word;
    if (word.ends_with('=')) text += word == "signal=" ? "NAME" : "COMMAND";
  }
  return text;
}

constexpr std::array<std::string_view, 2> kReserved = {"ULLAGE_HEAP", "ULLAGE_SOCKET"};

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::flag:
      return "flag";
    case Type::text:
      return "text";
    case Type::number:
      return "number";
    case Type::count:
      return "count";
    case Type::bytes:
      return "bytes";
    case Type::duration:
      return "duration";
    case Type::choice:
      return "choice";
    case Type::list:
      return "list";
  }
  return "";
}

std::vector<std::string_view> words_of(const Key& key) {
  std::vector<std::string_view> words;
  for (std::string_view rest = key.words; !rest.empty();) words.push_back(take_until(rest, '|'));
  return words;
}

std::string values_text(const Key& key) {
  if (key.type == Type::choice) return fmt::format("one of {}", joined_words(key));
  std::string text(noun(key));
  const std::string range = range_text(key);
  if (!range.empty()) text += " " + range;
  if (!key.words.empty()) text += ", or " + joined_words(key);
  if (key.optional && key.words.empty()) text += ", or none";
  return text;
}

const Key* find_key(std::string_view name) {
  const auto found = std::ranges::find(schema(), name, &Key::name);
  return found == schema().end() ? nullptr : &*found;
}

std::string nearest_key(std::string_view misspelt) {
  // A right name in the wrong section, or in none.
  const std::string_view last = misspelt.substr(misspelt.rfind('.') + 1);
  for (const Key& key : schema())
    if (key.name.substr(key.name.rfind('.') + 1) == last) return fmt::format("did you mean '{}'?", key.name);
  std::vector<std::string_view> names{"profiles"};
  for (const Key& key : schema()) {
    names.push_back(key.name);
    for (std::size_t dot = key.name.find('.'); dot != std::string_view::npos;
         dot = key.name.find('.', dot + 1))
      names.push_back(key.name.substr(0, dot));
  }
  return did_you_mean(misspelt, names);
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(schema(), [&](const Key& key) {
    return key.name.size() > name.size() && key.name.starts_with(name) && key.name[name.size()] == '.';
  });
}

std::string variable_of(const Key& key) {
  std::string name = "ULLAGE_";
  for (const char c : key.name) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : '_';
  return name;
}

std::span<const std::string_view> reserved_variables() { return kReserved; }

}  // namespace ullage::config
