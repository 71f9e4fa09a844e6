// SPDX-License-Identifier: Apache-2.0
#include "run/report.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/descriptor.h"
#include "metric/series.h"
#include "run/heap_profiles.h"
#include "run/record.h"
#include "run/report_heap.h"
#include "run/report_series.h"
#include "run/run_file.h"
#include "run/series_view.h"
#include "run/thin.h"
#include "run/words.h"

namespace ullage::run {

namespace {

// A value keeps what its source knows: whole bytes, milliseconds (the kernel counts CPU time in hundredths of
// a second); of anything else six digits, which draw the same line as seventeen.
constexpr int kDigits = 6;

double as_precise_as_known(double value, std::string_view unit) {
  if (unit == "bytes") return std::round(value);
  if (unit == "seconds") return std::round(value * 1000) / 1000;
  return value;
}

void append_number(std::string& out, double value, std::string_view unit) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 32> text;
  const double known = as_precise_as_known(value, unit);
  std::to_chars_result end{};
  if (std::round(known) == known && std::abs(known) < 0x1p53)
    end = std::to_chars(text.begin(), text.end(), static_cast<std::int64_t>(known));
  else if (unit == "seconds")
    end = std::to_chars(text.begin(), text.end(), known);  // the shortest that reads back the same
  else
    end = std::to_chars(text.begin(), text.end(), known, std::chars_format::general, kDigits);
  out.append(text.data(), end.ptr);
}

std::string json_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_series(std::string& out, const ReportSeries& series, const Thinner& moments) {
  nlohmann::json labels = nlohmann::json::object();
  for (const metric::Label& label : series.key.labels)
    labels[valid_utf8(label.name)] = valid_utf8(label.value);
  const metric::Descriptor* known = metric::find_descriptor(series.key.name);
  const std::string_view unit = known != nullptr ? known->unit : "";
  out += fmt::format(R"({{"name":{},"labels":{},"kind":"{}","unit":"{}","values":[)",
                     json_text(valid_utf8(series.key.name)), json_text(labels),
                     series.kind == metric::Kind::counter ? "counter" : "gauge", unit);
  bool first = true;
  for (const double value : moments.column(series.column)) {
    if (!first) out += ',';
    first = false;
    append_number(out, value, unit);
  }
  out += "]}";
}

std::string without_less_than(const std::string& text) {
  std::string out;
  out.reserve(text.size() + text.size() / 64);
  for (const char c : text) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

}  // namespace

Result<std::string> report_data(const Record& record, const SeriesView& series, std::string_view heap) {
  auto gathered = gather_report_series(record, series);
  if (!gathered) return pass_on(gathered);
  std::string out = R"({"format":1,"run":)" + json_text(to_json(record));
  out += R"(,"repeat":)" + json_text(valid_utf8(repeat_command(record)));
  out += R"(,"times_ms":[)";
  bool first = true;
  for (const std::int64_t time_ms : gathered->moments.times_ms()) {
    if (!first) out += ',';
    first = false;
    out += std::to_string(time_ms);
  }
  out += R"(],"series":[)";
  first = true;
  for (const ReportSeries& one : gathered->series) {
    out += first ? "\n" : ",\n";
    first = false;
    append_series(out, one, gathered->moments);
  }
  out += ']';
  if (!heap.empty()) out.append(",\n\"heap\":").append(heap);
  return without_less_than(out + '}');
}

Result<std::string> fill_report(std::string_view page, std::string_view data) {
  constexpr std::string_view kBegin = R"(<script type="application/json" id="ullage-data">)";
  constexpr std::string_view kEnd = "</script>";
  const std::size_t begin = page.find(kBegin);
  const std::size_t content = begin == std::string_view::npos ? begin : begin + kBegin.size();
  const std::size_t end = content == std::string_view::npos ? content : page.find(kEnd, content);
  if (end == std::string_view::npos)
    return fail("the report's page has no place for its data", "report page", "rebuild it: ./dev build");
  std::string html;
  html.reserve(page.size() + data.size());
  html.append(page.substr(0, content)).append(data).append(page.substr(end));
  return html;
}

Result<std::string> report_html(std::string_view page, const LoadedRun& run, std::size_t heap_nodes_max) {
  const std::string heap = has_heap(run.path) ? report_heap(run, heap_nodes_max) : std::string();
  const auto data = report_data(run.record, view_of(run.series), heap);
  if (!data) return fail(data.error());
  return fill_report(page, *data);
}

}  // namespace ullage::run
