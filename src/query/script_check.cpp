// SPDX-License-Identifier: Apache-2.0
#include "query/script_check.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/buckets.h"
#include "query/engine.h"
#include "query/label_set.h"
#include "query/script_commands.h"
#include "query/script_series.h"

namespace ullage::query {

namespace {

constexpr double kTolerance = 1e-6;

bool matches(const Expected& expected, const std::string& text) {
  if (expected.kind == Expected::Kind::any) return true;
  if (expected.kind == Expected::Kind::text) return text == expected.text;
  const re2::RE2 pattern(expected.text, re2::RE2::Quiet);
  return pattern.ok() && re2::RE2::PartialMatch(text, pattern);
}

// Scripts older than the places in annotations tell a message alone.
bool matches_annotation(const Expected& expected, const std::string& text) {
  if (matches(expected, text)) return true;
  if (expected.kind != Expected::Kind::text || !text.starts_with(expected.text)) return false;
  static const re2::RE2 details_and_place(R"((, from buckets .*)? \(\d+:\d+\))");
  return re2::RE2::FullMatch(text.substr(expected.text.size()), details_and_place);
}

std::string joined(const std::vector<std::string>& texts) {
  return fmt::format("[{}]", fmt::join(texts, "; "));
}

Result<void> check_texts(std::string_view kind, const std::vector<Expected>& expected,
                         const std::vector<std::string>& actual) {
  for (const Expected& one : expected)
    if (std::ranges::none_of(actual, [&](const std::string& text) { return matches_annotation(one, text); }))
      return fail(fmt::format("expected the {} '{}', got {}", kind, one.text, joined(actual)));
  for (const std::string& text : actual)
    if (!expected.empty() &&
        std::ranges::none_of(expected, [&](const Expected& one) { return matches_annotation(one, text); }))
      return fail(fmt::format("unexpected {}: {}", kind, text));
  return {};
}

// The points that a series is expected to have: omitted ones are not.
std::vector<Point> expected_points(const EvalCommand& eval, const ScriptSeries& series, bool is_matrix) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < series.values.size(); ++i)
    if (series.values[i].kind == ScriptValue::Kind::number)
      points.push_back(
          {is_matrix ? eval.start_ms + eval.step_ms * static_cast<std::int64_t>(i) : eval.start_ms,
           series.values[i].value});
  return points;
}

std::string text_of(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points) text += fmt::format(" {}@{}", point.value, point.time_ms);
  return text;
}

Result<void> check_series(const EvalCommand& eval, const ScriptSeries& expected, const ResultSeries& actual,
                          bool is_matrix) {
  const std::vector<Point> points = expected_points(eval, expected, is_matrix);
  const auto agree = [&](const Point& a, const Point& b) {
    return (!is_matrix || a.time_ms == b.time_ms) && is_almost_equal(a.value, b.value, kTolerance);
  };
  if (std::ranges::equal(points, actual.points, agree)) return {};
  return fail(
      fmt::format("expected {}{}, got{}", expected.labels.text(), text_of(points), text_of(actual.points)));
}

Result<void> check_all_series(const EvalCommand& eval, const QueryResult& answer) {
  const bool is_matrix = answer.kind == QueryResult::Kind::matrix;
  if (is_matrix && eval.is_ordered) return fail("a matrix is always in the order of labels");
  for (std::size_t i = 0; i < answer.series.size(); ++i) {
    const ResultSeries& actual = answer.series[i];
    const auto expected = std::ranges::find(eval.series, actual.labels, &ScriptSeries::labels);
    if (expected == eval.series.end())
      return fail(fmt::format("unexpected series {}{}", actual.labels.text(), text_of(actual.points)));
    if (eval.is_ordered && expected - eval.series.begin() != static_cast<std::ptrdiff_t>(i))
      return fail(fmt::format("{} stands at place {}, expected at {}", actual.labels.text(), i + 1,
                              expected - eval.series.begin() + 1));
    if (auto same = check_series(eval, *expected, actual, is_matrix); !same) return same;
  }
  for (const ScriptSeries& expected : eval.series)
    if (std::ranges::find(answer.series, expected.labels, &ResultSeries::labels) == answer.series.end())
      return fail("the series " + expected.labels.text() + " is missing");
  return {};
}

}  // namespace

Result<void> check_answer(const EvalCommand& eval, const QueryResult& answer) {
  switch (answer.kind) {
    case QueryResult::Kind::string:
      if (answer.text != eval.text.value_or(""))
        return fail(
            fmt::format("expected the string \"{}\", got \"{}\"", eval.text.value_or(""), answer.text));
      return {};
    case QueryResult::Kind::scalar:
      if (!eval.scalar) return fail(fmt::format("expected series, got the scalar {}", answer.scalar.value));
      if (!is_almost_equal(*eval.scalar, answer.scalar.value, kTolerance))
        return fail(fmt::format("expected {}, got {}", *eval.scalar, answer.scalar.value));
      return {};
    case QueryResult::Kind::vector:
    case QueryResult::Kind::matrix:
      if (eval.scalar) return fail(fmt::format("expected the scalar {}, got series", *eval.scalar));
      return check_all_series(eval, answer);
  }
  return {};
}

Result<void> check_annotations(const EvalCommand& eval, const QueryResult& answer) {
  if (auto same = check_texts("warning", eval.warnings, answer.warnings); !same) return same;
  if (auto same = check_texts("info", eval.infos, answer.infos); !same) return same;
  if (eval.no_warnings && !answer.warnings.empty())
    return fail("expected no warning, got " + joined(answer.warnings));
  if (eval.no_infos && !answer.infos.empty()) return fail("expected no info, got " + joined(answer.infos));
  return {};
}

Result<void> check_failure(const EvalCommand& eval, const Error& error) {
  if (matches(*eval.failure, error.what) || matches(*eval.failure, error.text())) return {};
  return fail(fmt::format("expected the error '{}', got '{}'", eval.failure->text, error.text()));
}

QueryResult at_step(const QueryResult& matrix, QueryResult::Kind kind, std::int64_t time_ms) {
  QueryResult result;
  result.kind = kind;
  for (const ResultSeries& series : matrix.series) {
    const auto point = std::ranges::find(series.points, time_ms, &Point::time_ms);
    if (point == series.points.end()) continue;
    if (kind == QueryResult::Kind::scalar)
      result.scalar = *point;
    else
      result.series.push_back({series.labels, {*point}});
  }
  return result;
}

}  // namespace ullage::query
