// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "config/schema.h"
#include "config/value.h"

namespace ullage::config {

std::string_view to_string(Origin::Source source) {
  switch (source) {
    case Origin::Source::builtin:
      return "default";
    case Origin::Source::profile:
      return "profile";
    case Origin::Source::system_file:
      return "system file";
    case Origin::Source::user_file:
      return "user file";
    case Origin::Source::project_file:
      return "project file";
    case Origin::Source::file:
      return "file";
    case Origin::Source::variable:
      return "variable";
    case Origin::Source::flag:
      return "flag";
  }
  return "";
}

std::string Origin::text() const {
  if (place.empty() || source == Source::profile)
    return std::string(to_string(source)) + (place.empty() ? "" : " " + place);
  return place;
}

const Setting& Settings::at(std::string_view key) const {
  const auto found = settings_.find(std::string(key));
  check(found != settings_.end(), "a setting that is asked for stands in the schema");
  return found->second;
}

namespace {

const Key& typed(std::string_view key, Type type) {
  const Key* known = find_key(key);
  check(known != nullptr && known->type == type, "a setting is read as the type that the schema gives it");
  return *known;
}

// The values were checked when they were loaded: what does not parse now is a word such as "auto", or not
// set.
template <class T>
T parsed(Result<T> value) {
  check(value.has_value(), "a setting is asked for a number only where it has one");
  return *value;
}

}  // namespace

bool Settings::flag(std::string_view key) const {
  typed(key, Type::flag);
  return at(key).value == "true";
}

std::string Settings::text(std::string_view key) const { return at(key).value; }

double Settings::number(std::string_view key) const {
  const bool ratio = typed(key, Type::number).unit == "ratio";
  return parsed(ratio ? parse_ratio(at(key).value) : parse_number(at(key).value));
}

std::uint64_t Settings::count(std::string_view key) const {
  typed(key, Type::count);
  const auto value = to_unsigned(at(key).value);
  check(value.has_value(), "a setting is asked for a number only where it has one");
  return *value;
}

std::uint64_t Settings::bytes(std::string_view key) const {
  typed(key, Type::bytes);
  return parsed(parse_bytes(at(key).value));
}

std::chrono::nanoseconds Settings::duration(std::string_view key) const {
  typed(key, Type::duration);
  return parsed(parse_duration(at(key).value));
}

std::vector<std::string> Settings::list(std::string_view key) const {
  typed(key, Type::list);
  return split_list(at(key).value);
}

std::vector<double> Settings::ratios(std::string_view key) const {
  check(typed(key, Type::list).unit == "ratio", "only a list of ratios is read as one");
  std::vector<double> ratios;
  for (const std::string& item : list(key)) ratios.push_back(parsed(parse_ratio(item)));
  return ratios;
}

bool Settings::is_set(std::string_view key) const { return !at(key).value.empty(); }

std::string Settings::profile() const { return text("profile"); }

}  // namespace ullage::config
