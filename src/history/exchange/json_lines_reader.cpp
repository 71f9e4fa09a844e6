// SPDX-License-Identifier: Apache-2.0
// Reads {"metric":{…},"values":[…],"timestamps":[…]}, a line each, as VictoriaMetrics exports them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "history/block.h"
#include "history/exchange/exchange.h"
#include "history/exchange/line_reader.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

using nlohmann::json;

// JSON has no NaN and no infinities: they are text, and null is a staleness marker.
std::optional<double> number_of(const json& value) {
  if (value.is_null()) return kAbsent;
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = value.get_ref<const std::string&>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

class JsonLinesReader final : public SampleReader::LineReader {
 public:
  using LineReader::LineReader;

  Result<void> line(LineCursor cursor) override {
    if (trim(cursor.rest()).empty()) return {};
    json line;
    try {
      line = json::parse(cursor.rest());
    } catch (const json::parse_error& error) {
      cursor.skip(error.byte == 0 ? 0 : std::min(error.byte - 1, cursor.rest().size()));
      return cursor.fail_here("not JSON");
    } catch (const json::exception&) {
      return cursor.fail_here("a number that is too large");
    }
    return take(line, cursor);
  }

 private:
  Result<void> take(const json& line, const LineCursor& cursor) {
    if (!line.is_object())
      return cursor.fail_here("not an object", R"({"metric":{…},"values":[…],"timestamps":[…]})");
    const auto part = [&](const char* name) { return line.contains(name) ? line.at(name) : json(); };
    const json metric = part("metric");
    if (!metric.is_object()) return cursor.fail_here("has no object 'metric'");
    metric::SeriesKey key;
    for (const auto& [name, value] : metric.items()) {
      if (!value.is_string()) return cursor.fail_here("the label '" + printable(name) + "' is no text");
      if (name == "__name__")
        key.name = value.get<std::string>();
      else
        key.labels.push_back({name, value.get<std::string>()});
    }
    if (auto begun = begin_series(std::move(key), cursor); !begun) return begun;
    const json values = part("values"), times = part("timestamps");
    if (!values.is_array() || !times.is_array())
      return cursor.fail_here("has no arrays 'values' and 'timestamps'");
    if (values.size() != times.size())
      return cursor.fail_here("has " + std::to_string(values.size()) + " values and " +
                              std::to_string(times.size()) + " timestamps");
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto value = number_of(values[i]);
      if (!value) return cursor.fail_here("values[" + std::to_string(i) + "] is no number");
      if (!times[i].is_number_integer() ||
          (times[i].is_number_unsigned() && times[i].get<std::uint64_t>() > INT64_MAX))
        return cursor.fail_here("timestamps[" + std::to_string(i) + "] is no time",
                                "milliseconds since 1970");
      if (auto added = add({times[i].get<std::int64_t>(), *value}, cursor); !added) return added;
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<SampleReader::LineReader> make_json_lines_reader(TakeSamples take) {
  return std::make_unique<JsonLinesReader>(std::move(take));
}

}  // namespace ullage::history
