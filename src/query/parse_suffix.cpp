// SPDX-License-Identifier: Apache-2.0
// What may stand behind an expression: ranges, subqueries, offset and @, with their durations and times.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "query/ast.h"
#include "query/keyword.h"
#include "query/literal.h"
#include "query/parser_state.h"
#include "query/token.h"

namespace ullage::query {

namespace {

constexpr std::string_view kDurationExpressions = "duration expressions";
// The year 37,000: milliseconds up to here survive being seconds in a double.
constexpr double kAtMaxMs = 0x1p50;
constexpr double kDurationMaxSeconds = 9223372036.0;  // Prometheus counts nanoseconds in 64 bits

TimeShift* shift_of(Expression& expression) {
  if (auto* selector = std::get_if<VectorSelector>(&expression.node)) return &selector->shift;
  if (auto* matrix = std::get_if<MatrixSelector>(&expression.node)) return &matrix->selector.shift;
  if (auto* subquery = std::get_if<Subquery>(&expression.node)) return &subquery->shift;
  return nullptr;
}

// min and max are what Prometheus first called min_of and max_of.
bool is_duration_word(std::string_view word) {
  return std::ranges::any_of(
      std::array<std::string_view, 6>{"step", "range", "min_of", "max_of", "min", "max"},
      [&](std::string_view known) { return is_same_word(word, known); });
}

bool is_arithmetic(TokenKind kind) { return kind >= TokenKind::add && kind <= TokenKind::power; }

}  // namespace

Result<Parsed> Parser::parse_suffix(Parsed inner, Suffixes& seen) {
  if (peek().kind == TokenKind::left_bracket) return parse_range(std::move(inner), seen);
  if (peek_keyword() == Keyword::shape)
    return unsupported(peek().span, fmt::format("the experimental modifier {}", text(peek().span)));
  auto done = peek().kind == TokenKind::at ? parse_at(*inner.tree, seen) : parse_offset(*inner.tree, seen);
  if (!done) return pass_on(done);
  inner.tree->span.end = last_end_;
  return inner;
}

Result<Parsed> Parser::parse_range(Parsed inner, Suffixes& seen) {
  const Span opened = take().span;
  const auto range_ms = parse_range_ms();
  if (!range_ms) return fail(range_ms.error());
  const std::size_t begin = inner.tree->span.begin;
  const Suffixes before = std::exchange(seen, Suffixes{});
  if (take_if(TokenKind::colon)) {
    auto subquery = parse_subquery(std::move(inner), *range_ms);
    if (!subquery) return subquery;
    if (auto closed = take_closing(TokenKind::right_bracket, opened, "expected ']'"); !closed)
      return pass_on(closed);
    subquery->tree->span = since(begin);
    return subquery;
  }
  if (auto closed = take_closing(TokenKind::right_bracket, opened, "expected ':' or ']'"); !closed)
    return pass_on(closed);
  auto* selector = std::get_if<VectorSelector>(&inner.tree->node);
  const Span brackets = since(opened.begin);
  if (selector == nullptr)
    return error_at(
        brackets, "only a selector may have a range",
        inner.tree->type == ValueType::vector ? "a subquery over an expression reads as (…)[5m:1m]" : "");
  if (before.has_offset || before.has_at)
    return error_at(brackets,
                    fmt::format("{} must stand behind the range", before.has_offset ? "offset" : "@"));
  return make({since(begin), ValueType::matrix, MatrixSelector{std::move(*selector), *range_ms}},
              inner.depth);
}

Result<Parsed> Parser::parse_subquery(Parsed inner, std::int64_t range_ms) {
  Subquery subquery{.range_ms = range_ms};
  if (peek().kind != TokenKind::right_bracket) {
    const auto step_ms = parse_range_ms();
    if (!step_ms) return fail(step_ms.error());
    subquery.step_ms = *step_ms;
  }
  if (inner.tree->type != ValueType::vector)
    return error_at(inner.tree->span, fmt::format("a subquery of {}", type_words(inner.tree->type)),
                    "it must be of an instant vector");
  subquery.inner = std::move(inner.tree);
  return make({{}, ValueType::matrix, std::move(subquery)}, inner.depth);
}

Result<std::int64_t> Parser::parse_range_ms() {
  const Span first = peek().span;
  const auto seconds = parse_signed_seconds("expected a duration, as 5m");
  if (!seconds) return fail(seconds.error());
  const Span span = since(first.begin);
  if (is_arithmetic(peek().kind)) return unsupported(peek().span, kDurationExpressions);
  const auto ms = to_duration_ms(*seconds, span);
  if (ms && *ms < 1) return error_at(span, "a range or step must be at least a millisecond");
  return ms;
}

Result<void> Parser::parse_offset(Expression& expression, Suffixes& seen) {
  const Span keyword = take().span;
  const Span first = peek().span;
  const auto seconds = parse_signed_seconds("expected a duration, as 5m or -5m");
  if (!seconds) return fail(seconds.error());
  const auto ms = to_duration_ms(*seconds, since(first.begin));
  if (!ms) return fail(ms.error());
  TimeShift* shift = shift_of(expression);
  if (shift == nullptr)
    return error_at(since(keyword.begin), "offset must stand behind a selector, a range or a subquery",
                    "of an expression, every selector in it may have its own");
  if (seen.has_offset) return error_at(since(keyword.begin), "a second offset");
  seen.has_offset = true;
  shift->offset_ms = *ms;
  return {};
}

Result<void> Parser::parse_at(Expression& expression, Suffixes& seen) {
  const std::size_t begin = take().span.begin;
  TimeShift parsed;
  if (auto done = parse_at_time(parsed); !done) return done;
  TimeShift* shift = shift_of(expression);
  if (shift == nullptr)
    return error_at(since(begin), "@ must stand behind a selector, a range or a subquery",
                    "of an expression, every selector in it may have its own");
  if (seen.has_at) return error_at(since(begin), "a second @");
  seen.has_at = true;
  shift->at = parsed.at;
  shift->at_ms = parsed.at_ms;
  return {};
}

Result<void> Parser::parse_at_time(TimeShift& shift) {
  const Span first = peek().span;
  if (peek_keyword() == Keyword::at_end) {
    shift.at = is_same_word(text(take().span), "start") ? TimeShift::At::start : TimeShift::At::end;
    const Span opened = peek().span;
    if (!take_if(TokenKind::left_parenthesis)) return unexpected("expected '()'");
    return take_closing(TokenKind::right_parenthesis, opened, "expected ')'");
  }
  const auto seconds = parse_signed_seconds("expected a Unix time in seconds, start() or end()");
  if (!seconds) return fail(seconds.error());
  if (!(std::abs(*seconds * 1000) < kAtMaxMs)) return error_at(since(first.begin), "a time out of bounds");
  shift.at = TimeShift::At::timestamp;
  shift.at_ms = std::llround(*seconds * 1000);
  return {};
}

Result<double> Parser::parse_signed_seconds(std::string_view expected) {
  bool is_minus = false;
  while (peek().kind == TokenKind::add || peek().kind == TokenKind::subtract)
    is_minus ^= take().kind == TokenKind::subtract;
  const bool is_call = peek(1).kind == TokenKind::left_parenthesis;
  if (peek().kind == TokenKind::left_parenthesis ||
      (peek().kind == TokenKind::word && is_call && is_duration_word(text(peek().span))))
    return unsupported(peek().span, kDurationExpressions);
  if (peek().kind != TokenKind::number && peek().kind != TokenKind::duration &&
      peek_keyword() != Keyword::number)
    return unexpected(expected);
  auto value = number_or_duration(take());
  if (value && is_minus) *value = -*value;
  return value;
}

Result<double> Parser::number_or_duration(const Token& token) {
  const std::string_view digits = text(token.span);
  if (token.kind == TokenKind::duration) {
    const auto ms = duration_value_ms(digits);
    if (!ms) return error_at(token.span, "a duration out of range", "at most 292 years");
    return static_cast<double>(*ms) / 1000;
  }
  if (token.kind == TokenKind::word)
    return is_same_word(digits, "nan") ? std::nan("") : std::numeric_limits<double>::infinity();
  const auto value = number_value(digits);
  if (!value) return error_at(token.span, "a number out of range");
  return *value;
}

Result<std::int64_t> Parser::to_duration_ms(double seconds, Span span) {
  if (!(std::abs(seconds) < kDurationMaxSeconds))
    return error_at(span, "a duration out of range", "at most 292 years");
  // Prometheus rounds to nanoseconds, then drops what is less than a millisecond. Here a duration of whole
  // milliseconds stays one however long it is, when a double of seconds no longer knows nanoseconds.
  const double ms = seconds * 1000;
  const double whole = std::round(ms);
  const double slack = std::max(0.5e-6, std::abs(ms) * 0x1p-51);
  return static_cast<std::int64_t>(std::abs(ms - whole) < slack ? whole : std::trunc(ms));
}

}  // namespace ullage::query
