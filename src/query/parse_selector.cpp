// SPDX-License-Identifier: Apache-2.0
// Selectors with their matchers.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "history/matching.h"
#include "history/series_source.h"
#include "history/text_pattern.h"
#include "query/ast.h"
#include "query/function_table.h"
#include "query/keyword.h"
#include "query/parser_state.h"
#include "query/token.h"

namespace ullage::query {

namespace {

constexpr std::string_view kName = "__name__";

bool matches_empty(const history::Matcher& matcher) {
  const auto matching = history::Matching::compile({&matcher, 1});
  return matching && matching->holds(0, "");
}

}  // namespace

Result<VectorSelector> parse_selector(std::string_view text) {
  const FunctionTable none;
  return Parser(text, none).parse_selector_alone();
}

Result<VectorSelector> Parser::parse_selector_alone() {
  const auto keyword = peek_keyword();
  if (peek().kind != TokenKind::left_brace && (peek().kind != TokenKind::word || keyword == Keyword::number))
    return unexpected("expected a selector, as up or {job=\"api\"}");
  auto selector = parse_selector_body();
  if (!selector) return selector;
  if (peek().kind != TokenKind::end) return unexpected("expected the end of the selector");
  return selector;
}

Result<Parsed> Parser::parse_vector_selector() {
  const std::size_t begin = peek().span.begin;
  auto selector = parse_selector_body();
  if (!selector) return pass_on(selector);
  return make({since(begin), ValueType::vector, std::move(*selector)}, 0);
}

Result<VectorSelector> Parser::parse_selector_body() {
  VectorSelector selector;
  const std::size_t begin = peek().span.begin;
  if (peek().kind == TokenKind::word) {
    selector.name = text(take().span);
    selector.matchers.push_back({std::string(kName), history::Matcher::Kind::equal, selector.name});
  }
  const Span opened = peek().span;
  if (take_if(TokenKind::left_brace)) {
    while (peek().kind != TokenKind::right_brace) {
      auto matcher = parse_matcher();
      if (!matcher) return pass_on(matcher);
      selector.matchers.push_back(std::move(*matcher));
      if (!take_if(TokenKind::comma)) break;
    }
    if (auto closed = take_closing(TokenKind::right_brace, opened, "expected ',' or '}'"); !closed)
      return pass_on(closed);
  }
  if (auto checked = check_selector(selector, since(begin)); !checked) return pass_on(checked);
  return selector;
}

Result<history::Matcher> Parser::parse_matcher() {
  using Kind = history::Matcher::Kind;
  const std::size_t begin = peek().span.begin;
  history::Matcher matcher;
  if (peek().kind == TokenKind::text) {
    auto label = take_unquoted();
    if (!label) return pass_on(label);
    if (peek().kind == TokenKind::comma || peek().kind == TokenKind::right_brace)
      return history::Matcher{std::string(kName), Kind::equal, std::move(*label)};
    matcher.label = std::move(*label);
  } else if (peek().kind == TokenKind::word) {
    matcher.label = text(take().span);
  } else {
    return unexpected("expected a label or '}'");
  }
  if (take_if(TokenKind::assign))
    matcher.kind = Kind::equal;
  else if (take_if(TokenKind::not_equal))
    matcher.kind = Kind::not_equal;
  else if (take_if(TokenKind::match))
    matcher.kind = Kind::regex;
  else if (take_if(TokenKind::not_match))
    matcher.kind = Kind::not_regex;
  else
    return unexpected("expected one of = != =~ !~");
  if (peek().kind != TokenKind::text) return unexpected("expected a quoted value");
  auto value = take_unquoted();
  if (!value) return pass_on(value);
  matcher.value = std::move(*value);
  if (auto checked = check_regex(matcher, since(begin)); !checked) return pass_on(checked);
  return matcher;
}

Result<void> Parser::check_regex(const history::Matcher& matcher, Span span) {
  if (matcher.kind != history::Matcher::Kind::regex && matcher.kind != history::Matcher::Kind::not_regex)
    return {};
  if (history::TextPattern::parse(matcher.value)) return {};  // without a machine for it
  const RE2 regex(matcher.value, RE2::Quiet);
  if (regex.ok()) return {};
  return error_at(span, fmt::format("not a regular expression: {}", printable(regex.error())),
                  "the syntax is RE2's; what would match all is .*");
}

Result<void> Parser::check_selector(const VectorSelector& selector, Span span) {
  if (selector.name.empty()) {
    if (!std::ranges::all_of(selector.matchers, matches_empty)) return {};
    return error_at(span, "a selector that would match every series",
                    "at least one matcher must not match the empty value");
  }
  const auto second = std::find_if(selector.matchers.begin() + 1, selector.matchers.end(),
                                   [](const history::Matcher& matcher) { return matcher.label == kName; });
  if (second == selector.matchers.end()) return {};
  return error_at(span, fmt::format("the metric's name is given twice: '{}' and '{}'",
                                    printable(selector.name), printable(second->value)));
}

}  // namespace ullage::query
