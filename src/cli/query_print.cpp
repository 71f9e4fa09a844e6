// SPDX-License-Identifier: Apache-2.0
#include "cli/query_print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/csv.h"
#include "base/moment.h"
#include "base/text.h"
#include "base/units.h"
#include "query/api_json.h"
#include "query/engine.h"
#include "query/label_set.h"
#include "run/table.h"
#include "run/text_chart.h"

namespace ullage::cli {

namespace {

using query::Point;
using query::QueryResult;
using query::ResultSeries;

constexpr std::size_t kChartsMax = 8;
constexpr std::size_t kChartWidth = 100;  // where the text goes to a file

std::string readable(double value) {
  if (std::isnan(value) || std::isinf(value)) return query::api_number(value);
  return fmt::format("{}", value);
}

// By the name's unit, while there is a name: an operation that changed the unit dropped it.
std::string for_axis(std::string_view name, double value) {
  if (name.ends_with("_bytes") && value >= 0) return format_bytes(value);
  if (name.ends_with("_ratio")) return format_ratio(value);
  return fmt::format("{:.4g}", value);
}

// Of bytes, which nobody reads at a glance; empty where a value is read as it is.
std::string in_units(std::string_view name, double value) {
  constexpr std::string_view kAMinute = "_per_minute";
  const bool is_rate = name.ends_with(kAMinute);
  if (is_rate) name.remove_suffix(kAMinute.size());
  if (!name.ends_with("_bytes") || !(value >= 1024) || std::isinf(value)) return "";
  return format_bytes(value) + (is_rate ? "/min" : "");
}

std::string vector_table(const QueryResult& result, const QueryLook& look) {
  run::Table table{
      .columns = {{.title = "series", .may_shrink = true}, {.title = "value", .to_the_right = true}}};
  bool has_units = false;
  for (const ResultSeries& series : result.series) {
    const double value = series.points.front().value;
    table.rows.push_back({series.labels.text(), readable(value), in_units(series.labels.name(), value)});
    has_units = has_units || !table.rows.back().back().empty();
  }
  if (has_units)
    table.columns.push_back({.title = "", .to_the_right = true});
  else
    for (auto& row : table.rows) row.pop_back();
  return table_text(table, look.style, look.width);
}

std::string matrix_table(const QueryResult& result, const QueryLook& look) {
  run::Table table{.columns = {{.title = "series", .may_shrink = true}}};
  for (const char* title : {"points", "min", "max", "last", "at"})
    table.columns.push_back({.title = title, .to_the_right = true});
  for (const ResultSeries& series : result.series) {
    const auto by_value = [](const Point& a, const Point& b) { return a.value < b.value; };
    const auto [least, most] = std::ranges::minmax_element(series.points, by_value);
    const Point& last = series.points.back();
    table.rows.push_back({series.labels.text(), std::to_string(series.points.size()), readable(least->value),
                          readable(most->value), readable(last.value), format_moment(last.time_ms)});
  }
  return table_text(table, look.style, look.width);
}

// "18:55:30Z"; of more than a day "11-26T18:55Z".
std::string clock_text(std::int64_t time_ms, bool is_long) {
  const std::string moment = format_moment(time_ms);
  return (is_long ? moment.substr(5, 11) : moment.substr(11, 8)) + 'Z';
}

run::TextChart chart_of(const ResultSeries& series, std::int64_t begin_ms, std::int64_t end_ms,
                        const QueryLook& look) {
  const std::string text = series.labels.text();
  run::TextChart chart{
      .title = look.style.bold(printable(text)),
      .begin_ms = begin_ms,
      .end_ms = end_ms,
      .format = [name = std::string(series.labels.name())](double value) { return for_axis(name, value); }};
  constexpr std::int64_t kDayMs = 86'400'000;
  if (!look.is_of_run)
    chart.format_time = [is_long = end_ms - begin_ms > kDayMs](std::int64_t time_ms) {
      return clock_text(time_ms, is_long);
    };
  for (const Point& point : series.points)
    if (std::isfinite(point.value)) chart.samples.push_back({point.time_ms, point.value});
  return chart;
}

}  // namespace

std::string query_table(const QueryResult& result, const QueryLook& look) {
  switch (result.kind) {
    case QueryResult::Kind::scalar:
      return readable(result.scalar.value) + '\n';
    case QueryResult::Kind::string:
      return printable(result.text) + '\n';
    case QueryResult::Kind::vector:
      return vector_table(result, look);
    case QueryResult::Kind::matrix:
      return matrix_table(result, look);
  }
  return "";
}

std::string query_charts(const QueryResult& result, std::int64_t begin_ms, std::int64_t end_ms,
                         const QueryLook& look) {
  const run::ChartLook chart_look{.width = look.width > 0 ? look.width : kChartWidth,
                                  .height = 6,
                                  .utf8 = look.utf8,
                                  .style = look.style};
  std::string text;
  for (const ResultSeries& series : result.series) {
    if (&series - result.series.data() == kChartsMax) break;
    const std::string drawn = chart_text(chart_of(series, begin_ms, end_ms, look), chart_look);
    text += drawn.empty() ? printable(series.labels.text()) + ": nothing that can be drawn\n" : drawn;
  }
  if (result.series.size() > kChartsMax)
    text += fmt::format("and {} more series: topk() shows the greatest, --csv all of them\n",
                        result.series.size() - kChartsMax);
  return text;
}

std::string query_csv(const QueryResult& result) {
  std::string csv = "time,series,value\n";
  const auto line = [&](const Point& point, std::string_view series, std::string_view value) {
    csv += format_moment(point.time_ms) + ',';
    append_csv_field(csv, series);
    csv += ',';
    append_csv_field(csv, value);
    csv += '\n';
  };
  if (result.kind == QueryResult::Kind::scalar)
    line(result.scalar, "", query::api_number(result.scalar.value));
  if (result.kind == QueryResult::Kind::string) line(result.scalar, "", result.text);
  for (const ResultSeries& series : result.series)
    for (const Point& point : series.points)
      line(point, series.labels.text(), query::api_number(point.value));
  return csv;
}

}  // namespace ullage::cli
