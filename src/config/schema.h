// SPDX-License-Identifier: Apache-2.0
// The one table of settings: every key with its type, unit, default, range, words, flag and one line of
// documentation. Loading, `config init|show|check`, the reference page and completion all read it; a new
// setting is one entry in schema.cpp.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ullage::config {

enum class Type { flag, text, number, count, bytes, duration, choice, list };

// Who may set a key: project keys also a project's own ullage.yaml, owner keys only the person who runs
// Ullage (a cloned folder must not run code).
enum class Scope { project, owner };

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

struct Key {
  std::string_view name;  // "run.interval": a section and a name in it; "profile" alone has none
  Type type = Type::text;
  std::string_view default_value = {};  // as a person writes it; empty where there is none
  std::string_view doc = {};            // one line
  std::string_view flag = {};           // the flag that sets it, where there is one
  std::string_view unit =
      {};            // "ratio" (80% and 0.8 are read), "cores", "folder", "url"; of a list: its items'
  double least = 0;  // in bytes, seconds or the value's own unit; of a list: its items'
  double most = kUnbounded;
  std::string_view words = {};  // values besides those of the type, "auto", or a choice's: "none|signal=";
                                // one that ends in '=' takes a text
  bool optional = false;        // `none` and an empty value are "not set"
  Scope scope = Scope::project;
  std::string_view owner_because = {};  // why a project may not set it
};

std::span<const Key> schema();
const Key* find_key(std::string_view name);
// "did you mean 'run.interval'?", or empty.
std::string nearest_key(std::string_view misspelt);
bool is_section(std::string_view name);

// "ULLAGE_RUN_INTERVAL"
std::string variable_of(const Key& key);
// Variables that start with ULLAGE_ and set no key.
std::span<const std::string_view> reserved_variables();

std::string_view to_string(Type type);
std::vector<std::string_view> words_of(const Key& key);
// What may stand there, for a person: "a duration from 1ms to 1h, or auto".
std::string values_text(const Key& key);

}  // namespace ullage::config
