// SPDX-License-Identifier: Apache-2.0
#include "query/api_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/engine.h"
#include "query/label_set.h"

namespace ullage::query {

namespace {

void append_point(const Point& point, std::string& json) {
  json += '[';
  json += api_seconds(point.time_ms);
  json += ",\"";
  json += api_number(point.value);
  json += "\"]";
}

void append_metric(const LabelSet& labels, std::string& json) {
  json += "{\"metric\":{";
  bool is_first = true;
  labels.each([&](std::string_view name, std::string_view value) {
    if (!is_first) json += ',';
    is_first = false;
    json += json_string(name) + ':' + json_string(value);
  });
  json += '}';
}

void append_series(const ResultSeries& series, bool is_matrix, std::string& json) {
  append_metric(series.labels, json);
  if (!is_matrix) {
    json += ",\"value\":";
    append_point(series.points.front(), json);
  } else {
    json += ",\"values\":[";
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      if (i > 0) json += ',';
      append_point(series.points[i], json);
    }
    json += ']';
  }
  json += '}';
}

std::string_view type_name(QueryResult::Kind kind) {
  switch (kind) {
    case QueryResult::Kind::scalar:
      return "scalar";
    case QueryResult::Kind::string:
      return "string";
    case QueryResult::Kind::vector:
      return "vector";
    case QueryResult::Kind::matrix:
      return "matrix";
  }
  return "";
}

void append_result(const QueryResult& result, std::string& json) {
  if (result.kind == QueryResult::Kind::scalar) return append_point(result.scalar, json);
  if (result.kind == QueryResult::Kind::string) {
    json += '[' + api_seconds(result.scalar.time_ms) + ',' + json_string(result.text) + ']';
    return;
  }
  json += '[';
  for (std::size_t i = 0; i < result.series.size(); ++i) {
    if (i > 0) json += ',';
    append_series(result.series[i], result.kind == QueryResult::Kind::matrix, json);
  }
  json += ']';
}

void append_remarks(std::string_view name, const std::vector<std::string>& remarks, std::string& json) {
  if (remarks.empty()) return;
  json += ",\"" + std::string(name) + "\":[";
  for (std::size_t i = 0; i < remarks.size(); ++i) json += (i > 0 ? "," : "") + json_string(remarks[i]);
  json += ']';
}

}  // namespace

std::string api_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> digits{};  // the longest double without an exponent has 17 + 324
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  return {digits.data(), end.ptr};
}

std::string api_seconds(std::int64_t time_ms) { return api_number(static_cast<double>(time_ms) / 1000); }

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string api_json(const QueryResult& result, const std::optional<QueryCost>& cost) {
  std::string json = R"({"status":"success","data":{"resultType":")";
  json += type_name(result.kind);
  json += R"(","result":)";
  append_result(result, json);
  if (cost)
    json +=
        fmt::format(R"(,"stats":{{"timings":{{"evalTotalTime":{},"execQueueTime":{},"execTotalTime":{}}},)"
                    R"("samples":{{"totalQueryableSamples":{}}}}})",
                    api_number(cost->evaluation_seconds), api_number(cost->queue_seconds),
                    api_number(cost->queue_seconds + cost->evaluation_seconds), result.samples_read);
  json += '}';
  append_remarks("warnings", result.warnings, json);
  append_remarks("infos", result.infos, json);
  return json + '}';
}

std::string api_error_json(std::string_view type, const Error& error) {
  return R"({"status":"error","errorType":)" + json_string(type) + R"(,"error":)" +
         json_string(error.text()) + '}';
}

}  // namespace ullage::query
