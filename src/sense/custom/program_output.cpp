// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/program_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "metric/exposition_parser.h"
#include "metric/family.h"
#include "metric/line_cursor.h"
#include "metric/sample_text.h"
#include "metric/series.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {

namespace {

using metric::LineCursor;
using nlohmann::json;

constexpr std::size_t kFamiliesMax = 5000;
constexpr std::string_view kReads = R"({"name":"queue_depth","labels":{"shard":"a"},"value":3})";

std::optional<double> number_of(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_string()) return metric::parse_number_text(value.get_ref<const std::string&>());
  return std::nullopt;
}

Result<void> take_labels(const json& labels, const LineCursor& cursor, CustomValue& taken) {
  if (!labels.is_object()) return cursor.fail_here("'labels' is no object", std::string(kReads));
  for (const auto& [name, value] : labels.items()) {
    if (!value.is_string())
      return cursor.fail_here("the label '" + printable(name) + "' is no text",
                              "a label's value is in quotes");
    taken.key.labels.push_back({name, value.get<std::string>()});
  }
  return {};
}

struct JsonLine {
  CustomValue value;
  metric::Family family;  // its name is set once all of the line is read
  bool has_value = false;
};

Result<std::string> text_of(const json& part, std::string_view key, const LineCursor& cursor) {
  if (!part.is_string()) return cursor.fail_here(fmt::format("'{}' is no text", key), std::string(kReads));
  return part.get<std::string>();
}

Result<void> take_type(const json& part, const LineCursor& cursor, JsonLine& taken) {
  auto type = text_of(part, "type", cursor);
  if (!type) return pass_on(type);
  const auto kind = metric::family_kind_of(*type);
  if (!kind) {
    std::string hint = did_you_mean(*type, metric::family_kind_names());
    if (hint.empty()) hint = fmt::format("{}", fmt::join(metric::family_kind_names(), ", "));
    return cursor.fail_here("unknown type '" + printable(*type) + "'", std::move(hint));
  }
  taken.family.kind = *kind;
  return {};
}

Result<void> take_key(const std::string& key, const json& part, const LineCursor& cursor, JsonLine& taken) {
  constexpr std::array<std::string_view, 6> kKeys = {"name", "labels", "value", "type", "help", "unit"};
  if (key == "labels") return take_labels(part, cursor, taken.value);
  if (key == "type") return take_type(part, cursor, taken);
  if (key == "value") {
    const auto number = number_of(part);
    if (!number) return cursor.fail_here("'value' is no number", std::string(kReads));
    taken.value.value = *number;
    taken.has_value = true;
    return {};
  }
  if (std::ranges::find(kKeys, key) == kKeys.end())
    return cursor.fail_here("unknown key '" + printable(key) + "'", did_you_mean(key, kKeys));
  auto text = text_of(part, key, cursor);
  if (!text) return pass_on(text);
  if (key == "name") taken.value.key.name = *text;
  if (key == "help") taken.family.help = text->substr(0, metric::kHelpBytesMax);
  if (key == "unit") taken.family.unit = text->substr(0, metric::kUnitBytesMax);
  return {};
}

Result<JsonLine> read_line(const json& line, const LineCursor& cursor) {
  if (!line.is_object()) return cursor.fail_here("not an object", std::string(kReads));
  JsonLine taken;
  for (const auto& [key, part] : line.items())
    if (auto read = take_key(key, part, cursor, taken); !read) return pass_on(read);
  if (!taken.has_value) return cursor.fail_here("has no 'value'", std::string(kReads));
  metric::SeriesKey& key = taken.value.key;
  if (auto settled = metric::settle_key(key, cursor); !settled) return pass_on(settled);
  const auto whole = is_of_parts(taken.family.kind) ? metric::name_of_whole(key.name) : std::nullopt;
  taken.family.name = whole.value_or(key.name);
  return taken;
}

// One line may say it for all lines of the name.
void add_family(std::map<std::string, metric::Family>& families, metric::Family family) {
  if (family.kind == metric::FamilyKind::unknown && family.help.empty() && family.unit.empty()) return;
  if (families.size() >= kFamiliesMax && !families.contains(family.name)) return;
  metric::Family& known = families[family.name];
  known.name = std::move(family.name);
  if (family.kind != metric::FamilyKind::unknown) known.kind = family.kind;
  if (!family.help.empty()) known.help = std::move(family.help);
  if (!family.unit.empty()) known.unit = std::move(family.unit);
}

Result<CustomReading> parse_json_lines(std::string_view text) {
  CustomReading reading;
  std::map<std::string, metric::Family> families;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_until(text, '\n');
    if (trim(line).empty()) continue;
    LineCursor cursor(line, number);
    json parsed;
    try {
      parsed = json::parse(line);
    } catch (const json::parse_error& error) {
      cursor.skip(error.byte == 0 ? 0 : std::min(error.byte - 1, line.size()));
      return cursor.fail_here("not JSON", std::string(kReads));
    } catch (const json::exception&) {
      return cursor.fail_here("a number that is too large");
    }
    auto read = read_line(parsed, cursor);
    if (!read) return pass_on(read);
    reading.values.push_back(std::move(read->value));
    add_family(families, std::move(read->family));
  }
  for (auto& [name, family] : families) reading.families.push_back(std::move(family));
  return reading;
}

// {"name": begins an object; {"my.name",a="b"} 1 a sample whose name is in quotes.
bool begins_json(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = trim(take_until(text, '\n'));
    if (line.empty()) continue;
    return line.starts_with('{') && line.ends_with('}');
  }
  return false;
}

}  // namespace

Result<CustomReading> parse_program_output(std::string_view text) {
  if (begins_json(text)) return parse_json_lines(text);
  auto exposition = metric::parse_exposition(text, {.form = metric::ExpositionForm::by_its_end});
  if (!exposition) return pass_on(exposition);
  CustomReading reading;
  reading.values.reserve(exposition->samples.size());
  for (metric::ExpositionSample& sample : exposition->samples)
    reading.values.push_back({std::move(sample.key), sample.value});
  reading.families = std::move(exposition->families);
  return reading;
}

}  // namespace ullage::sense
