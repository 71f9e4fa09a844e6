// SPDX-License-Identifier: Apache-2.0
#include "run/export.h"

#include <array>
#include <charconv>
#include <cmath>
#include <ios>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/csv.h"
#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/series.h"
#include "run/series_view.h"

namespace ullage::run {

namespace {

std::string json_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// What stands in every row of a series, made once.
std::string csv_middle(const metric::SeriesKey& key) {
  std::string labels = metric::SeriesKey{"", key.labels}.text();
  if (!labels.empty()) labels = labels.substr(1, labels.size() - 2);  // without the braces
  std::string middle = ",";
  append_csv_field(middle, valid_utf8(key.name));
  middle += ',';
  append_csv_field(middle, valid_utf8(labels));
  return middle + ',';
}

std::string jsonl_middle(const metric::SeriesKey& key) {
  nlohmann::json labels = nlohmann::json::object();
  for (const metric::Label& label : key.labels) labels[valid_utf8(label.name)] = valid_utf8(label.value);
  return R"(,"name":)" + json_text(valid_utf8(key.name)) + R"(,"labels":)" + json_text(labels) +
         R"(,"value":)";
}

void append_value(std::string& row, double value, ExportFormat format) {
  if (!std::isfinite(value) && format == ExportFormat::jsonl) {
    row += "null";  // JSON has no word for them
    return;
  }
  std::array<char, 32> text;
  const auto end = std::to_chars(text.begin(), text.end(), value);
  row.append(text.data(), end.ptr);
}

}  // namespace

Result<ExportFormat> parse_export_format(std::string_view name) {
  if (name == "csv") return ExportFormat::csv;
  if (name == "jsonl") return ExportFormat::jsonl;
  return fail("'" + printable(name) + "' is not a format to export to", "--format", "one of csv, jsonl");
}

Result<void> export_series(const SeriesView& series, ExportFormat format, std::ostream& out) {
  std::vector<std::string> middles;
  for (const metric::SeriesKey& key : series.keys)
    middles.push_back(format == ExportFormat::csv ? csv_middle(key) : jsonl_middle(key));
  if (format == ExportFormat::csv) out << "time,series,labels,value\n";
  std::string rows;
  const auto read = series.each_tick([&](const metric::Tick& tick) {
    if (!out) return;  // the disk is full, or nobody reads: nothing more to do but to end
    rows.clear();
    const std::string time = format_moment(tick.time_ms);
    for (const metric::Value& value : tick.values) {
      rows += format == ExportFormat::csv ? time : R"({"time":")" + time + '"';
      rows += middles[value.series];
      append_value(rows, value.value, format);
      rows += format == ExportFormat::csv ? "\n" : "}\n";
    }
    out.write(rows.data(), static_cast<std::streamsize>(rows.size()));
  });
  out.flush();
  if (!read) return read;
  if (!out) return fail("cannot write all of it", {}, "is the disk full?");
  return {};
}

}  // namespace ullage::run
