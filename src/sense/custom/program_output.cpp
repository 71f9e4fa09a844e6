// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/program_output.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "metric/exposition_parser.h"
#include "metric/line_cursor.h"
#include "metric/sample_text.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {

namespace {

using metric::LineCursor;
using nlohmann::json;

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

Result<CustomValue> value_of(const json& line, const LineCursor& cursor) {
  constexpr std::array<std::string_view, 3> kKeys = {"name", "labels", "value"};
  if (!line.is_object()) return cursor.fail_here("not an object", std::string(kReads));
  CustomValue taken;
  bool has_value = false;
  for (const auto& [key, part] : line.items()) {
    if (std::ranges::find(kKeys, key) == kKeys.end())
      return cursor.fail_here("unknown key '" + printable(key) + "'", did_you_mean(key, kKeys));
    if (key == "name") {
      if (!part.is_string()) return cursor.fail_here("'name' is no text", std::string(kReads));
      taken.key.name = part.get<std::string>();
    } else if (key == "labels") {
      if (auto labels = take_labels(part, cursor, taken); !labels) return pass_on(labels);
    } else {
      const auto number = number_of(part);
      if (!number) return cursor.fail_here("'value' is no number", std::string(kReads));
      taken.value = *number;
      has_value = true;
    }
  }
  if (!has_value) return cursor.fail_here("has no 'value'", std::string(kReads));
  if (auto settled = metric::settle_key(taken.key, cursor); !settled) return pass_on(settled);
  return taken;
}

Result<std::vector<CustomValue>> parse_json_lines(std::string_view text) {
  std::vector<CustomValue> values;
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
    auto value = value_of(parsed, cursor);
    if (!value) return pass_on(value);
    values.push_back(*std::move(value));
  }
  return values;
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
  CustomReading reading;
  if (begins_json(text)) {
    auto values = parse_json_lines(text);
    if (!values) return pass_on(values);
    reading.values = *std::move(values);
    return reading;
  }
  auto exposition = metric::parse_exposition(text, {});
  if (!exposition) return pass_on(exposition);
  reading.values.reserve(exposition->samples.size());
  for (metric::ExpositionSample& sample : exposition->samples)
    reading.values.push_back({std::move(sample.key), sample.value});
  reading.families = std::move(exposition->families);
  return reading;
}

}  // namespace ullage::sense
