// SPDX-License-Identifier: Apache-2.0
#include "run/record.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "run/record_fields.h"

namespace ullage::run {

namespace {

using nlohmann::json;

constexpr int kJsonVersion = 1;
constexpr std::array<std::pair<State, std::string_view>, 3> kStates = {
    {{State::running, "running"}, {State::finished, "finished"}, {State::interrupted, "interrupted"}}};

// RFC 3339 in UTC with milliseconds.
std::string to_rfc3339(std::int64_t time_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds{time_ms}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::array<char, 64> text;
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
                    unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(clock.hours().count()),
                    static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                    static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

// ---- writing

template <class T>
json write(const T& fields);
json write(const std::string& text) { return valid_utf8(text); }
json write(double number) { return std::isfinite(number) ? json(number) : json(nullptr); }
json write(State state) { return to_string(state); }
template <std::integral T>
json write(const T& number) {
  return number;
}
template <class T>
json write(const std::optional<T>& value) {
  return value ? write(*value) : json(nullptr);
}
template <class T>
json write(const std::vector<T>& items) {
  json array = json::array();
  for (const T& item : items) array.push_back(write(item));
  return array;
}
json write(const std::map<std::string, std::string>& entries) {
  json object = json::object();
  for (const auto& [key, value] : entries) object[valid_utf8(key)] = valid_utf8(value);
  return object;
}
template <class T>
json write(const T& fields) {
  json object = json::object();
  visit_fields([&](const char* name, const auto& field) { object[name] = write(field); }, fields);
  return object;
}

// ---- reading

struct Problem {  // the first one found
  std::string key, wanted;
};

template <class T>
bool read(const json& from, T& into, Problem& problem);

bool expect(bool holds, const char* wanted, Problem& problem) {
  if (!holds && problem.wanted.empty()) problem.wanted = wanted;
  return holds;
}

bool read(const json& from, std::string& into, Problem& problem) {
  if (!expect(from.is_string(), "a text", problem)) return false;
  into = from.get<std::string>();
  return true;
}
bool read(const json& from, bool& into, Problem& problem) {
  if (!expect(from.is_boolean(), "true or false", problem)) return false;
  into = from.get<bool>();
  return true;
}
bool read(const json& from, double& into, Problem& problem) {
  if (from.is_null()) return true;  // it was not finite when it was written
  if (!expect(from.is_number(), "a number", problem)) return false;
  into = from.get<double>();
  return true;
}
template <std::integral T>
bool read(const json& from, T& into, Problem& problem) {
  if (from.is_number_unsigned() && std::in_range<T>(from.get<std::uint64_t>())) {
    into = static_cast<T>(from.get<std::uint64_t>());
    return true;
  }
  if (from.is_number_integer() && !from.is_number_unsigned() && std::in_range<T>(from.get<std::int64_t>())) {
    into = static_cast<T>(from.get<std::int64_t>());
    return true;
  }
  return expect(false, std::is_signed_v<T> ? "a whole number" : "a whole number of 0 or more", problem);
}
bool read(const json& from, State& into, Problem& problem) {
  const auto found = std::ranges::find_if(kStates, [&](const auto& state) { return from == state.second; });
  if (!expect(found != kStates.end(), "running, finished or interrupted", problem)) return false;
  into = found->first;
  return true;
}
template <class T>
bool read(const json& from, std::optional<T>& into, Problem& problem) {
  into.reset();
  return from.is_null() || read(from, into.emplace(), problem);
}
template <class T>
bool read(const json& from, std::vector<T>& into, Problem& problem) {
  if (!expect(from.is_array(), "a list", problem)) return false;
  into.clear();
  for (std::size_t i = 0; i < from.size(); ++i)
    if (!read(from[i], into.emplace_back(), problem)) {
      problem.key = "[" + std::to_string(i) + "]" + problem.key;
      return false;
    }
  return true;
}
bool read(const json& from, std::map<std::string, std::string>& into, Problem& problem) {
  if (!expect(from.is_object(), "an object of texts", problem)) return false;
  into.clear();
  for (const auto& [key, value] : from.items())
    if (!read(value, into[key], problem)) {
      problem.key = "." + key;
      return false;
    }
  return true;
}
template <class T>
bool read(const json& from, T& into, Problem& problem) {
  if (!expect(from.is_object(), "an object", problem)) return false;
  bool good = true;
  visit_fields(
      [&](const char* name, auto& field) {
        const auto found = good ? from.find(name) : from.end();
        if (found == from.end() || read(*found, field, problem)) return;  // what is missing stays as it is
        good = false;
        problem.key = std::string(".") + name + problem.key;
      },
      into);
  return good;
}

Result<void> read_oom(const json& from, Record& record) {
  const auto killed = from.find("oom_killed");
  if (killed == from.end() || killed->is_null() || *killed == false) return {};
  if (*killed != true) return fail("must be true or false", "oom_killed");
  Problem problem;
  record.oom.emplace();
  if (const auto oom = from.find("oom");
      oom != from.end() && !oom->is_null() && !read(*oom, *record.oom, problem))
    return fail("must be " + problem.wanted, "oom" + problem.key);
  if (const auto killer = from.find("oom_killer");
      killer != from.end() && !killer->is_null() && !read(*killer, record.oom->killer, problem))
    return fail("must be a text", "oom_killer");
  return {};
}

}  // namespace

std::string_view to_string(State state) {
  return std::ranges::find(kStates, state, &std::pair<State, std::string_view>::first)->second;
}

json to_json(const Record& record) {
  json object = write(record);
  object["version"] = kJsonVersion;
  object["started"] = to_rfc3339(record.started_ms);
  object["interrupted"] = record.state == State::interrupted;
  object["oom_killed"] = record.oom.has_value();
  object["oom_killer"] = record.oom ? write(record.oom->killer) : json(nullptr);
  object["oom"] = write(record.oom);
  return object;
}

Result<Record> from_json(const json& from) {
  if (!from.is_object() || !from.contains("version")) return fail("not the JSON of a run: it has no version");
  int version = 0;
  Problem problem;
  if (!read(from["version"], version, problem) || version < 1)
    return fail("must be a whole number", "version");
  if (version > kJsonVersion)
    return fail("the JSON of a newer ullage (version " + std::to_string(version) + ")", "version",
                "this one reads version " + std::to_string(kJsonVersion) + "; update it");
  Record record;
  if (!read(from, record, problem)) return fail("must be " + problem.wanted, problem.key.substr(1));
  if (auto oom = read_oom(from, record); !oom) return pass_on(oom);
  return record;
}

}  // namespace ullage::run
