// SPDX-License-Identifier: Apache-2.0
#include "query/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "base/text.h"
#include "query/ast.h"
#include "query/function_table.h"
#include "query/keyword.h"
#include "query/lexer.h"
#include "query/parser_state.h"
#include "query/query_error.h"
#include "query/quoting.h"
#include "query/token.h"

namespace ullage::query {

namespace {

// Prometheus: `or` binds least, then `and` and `unless`, comparisons, sums, products, powers.
int precedence(Operator operation) {
  if (operation == Operator::or_) return 1;
  if (is_set_operator(operation)) return 2;
  if (is_comparison(operation)) return 3;
  if (operation == Operator::add || operation == Operator::subtract) return 4;
  return operation == Operator::power ? 6 : 5;
}
constexpr int kPowerPrecedence = 6;  // a sign binds as a product does: -a^b is -(a^b)

struct Symbol {
  TokenKind kind;
  Operator operation;
};
constexpr auto kSymbols = std::to_array<Symbol>({
    {TokenKind::add, Operator::add},
    {TokenKind::subtract, Operator::subtract},
    {TokenKind::multiply, Operator::multiply},
    {TokenKind::divide, Operator::divide},
    {TokenKind::modulo, Operator::modulo},
    {TokenKind::power, Operator::power},
    {TokenKind::equal, Operator::equal},
    {TokenKind::not_equal, Operator::not_equal},
    {TokenKind::greater, Operator::greater},
    {TokenKind::less, Operator::less},
    {TokenKind::greater_or_equal, Operator::greater_or_equal},
    {TokenKind::less_or_equal, Operator::less_or_equal},
});

bool is_value(ValueType type) { return type == ValueType::scalar || type == ValueType::vector; }

constexpr std::string_view kExpected = "expected a metric, a number, a function or '('";

}  // namespace

Result<ExpressionPtr> parse(std::string_view query, const FunctionTable& functions) {
  return Parser(query, functions).parse_all();
}

Parser::Parser(std::string_view query, const FunctionTable& functions)
    : query_(query), functions_(functions), lexed_(lex(query)) {}

Result<ExpressionPtr> Parser::parse_all() {
  if (peek().kind == TokenKind::end) return error_at(peek().span, "an empty query", std::string(kExpected));
  auto parsed = parse_expression(0);
  if (!parsed) return pass_on(parsed);
  if (peek().kind != TokenKind::end)
    return unexpected("expected an operator or the end of the query" + operator_meant());
  return std::move(parsed->tree);
}

Result<Parsed> Parser::parse_expression(int precedence_min) {
  if (nesting_ >= kDepthMax) return error_at(peek().span, fmt::format("nested deeper than {}", kDepthMax));
  ++nesting_;
  auto left = parse_unary();
  while (left) {
    if (peek().kind == TokenKind::trim_upper || peek().kind == TokenKind::trim_lower)
      return unsupported(peek().span, "native histograms (trim operators)");
    const auto operation = peek_operator();
    if (!operation || precedence(*operation) < precedence_min) break;
    left = parse_binary(std::move(*left), *operation);
  }
  --nesting_;
  return left;
}

std::optional<Operator> Parser::peek_operator() const {
  const auto* symbol = std::ranges::find(kSymbols, peek().kind, &Symbol::kind);
  if (symbol != kSymbols.end()) return symbol->operation;
  const auto keyword = peek_keyword();
  if (keyword == Keyword::atan2) return Operator::atan2;
  if (keyword != Keyword::set_operator) return std::nullopt;
  if (is_same_word(text(peek().span), "and")) return Operator::and_;
  return is_same_word(text(peek().span), "or") ? Operator::or_ : Operator::unless;
}

Result<Parsed> Parser::parse_binary(Parsed left, Operator operation) {
  Binary binary{.operation = operation};
  const std::size_t begin = left.tree->span.begin;
  const std::size_t modifiers_begin = peek().span.begin;
  take();
  if (auto modifiers = parse_modifiers(binary); !modifiers) return pass_on(modifiers);
  const Span modifiers = since(modifiers_begin);
  const int binds = precedence(operation);
  auto right = parse_expression(operation == Operator::power ? binds : binds + 1);
  if (!right) return right;
  binary.left = std::move(left.tree);
  binary.right = std::move(right->tree);
  if (auto checked = check_binary(binary, modifiers); !checked) return pass_on(checked);
  const bool is_scalar = binary.left->type == ValueType::scalar && binary.right->type == ValueType::scalar;
  return make({since(begin), is_scalar ? ValueType::scalar : ValueType::vector, std::move(binary)},
              std::max(left.depth, right->depth));
}

Result<Parsed> Parser::parse_unary() {
  const Token sign = peek();
  if (sign.kind != TokenKind::add && sign.kind != TokenKind::subtract) return parse_with_suffixes();
  take();
  auto inner = parse_expression(kPowerPrecedence);
  if (!inner) return inner;
  const bool is_minus = sign.kind == TokenKind::subtract;
  if (auto* number = std::get_if<NumberLiteral>(&inner->tree->node)) {
    if (is_minus) number->value = -number->value;
    inner->tree->span.begin = sign.span.begin;
    return inner;
  }
  const ValueType type = inner->tree->type;
  if (!is_value(type))
    return error_at(inner->tree->span, fmt::format("a sign before {}", type_words(type)),
                    "it may stand before a scalar or an instant vector");
  return make({since(sign.span.begin), type, Unary{is_minus, std::move(inner->tree)}}, inner->depth);
}

Result<Parsed> Parser::parse_with_suffixes() {
  auto left = parse_primary();
  Suffixes seen;
  while (left) {
    const auto keyword = peek_keyword();
    const TokenKind kind = peek().kind;
    if (kind != TokenKind::left_bracket && kind != TokenKind::at && keyword != Keyword::offset &&
        keyword != Keyword::shape)
      break;
    left = parse_suffix(std::move(*left), seen);
  }
  return left;
}

Result<Parsed> Parser::parse_primary() {
  const TokenKind kind = peek().kind;
  if (kind == TokenKind::number || kind == TokenKind::duration) return parse_number();
  if (kind == TokenKind::text) return parse_string();
  if (kind == TokenKind::left_parenthesis) return parse_parentheses();
  if (kind == TokenKind::left_brace) return parse_vector_selector();
  return kind == TokenKind::word ? parse_word() : unexpected(kExpected);
}

// A metric, unless the word means something here.
Result<Parsed> Parser::parse_word() {
  const auto keyword = peek_keyword();
  const bool is_called = peek(1).kind == TokenKind::left_parenthesis;
  if (keyword == Keyword::number) return parse_number();
  if (keyword == Keyword::aggregation) {
    const auto next = peek_keyword(1);
    if (is_called || next == Keyword::by || next == Keyword::without) return parse_aggregate();
  }
  const bool is_reserved = keyword == Keyword::bool_ || keyword == Keyword::on ||
                           keyword == Keyword::ignoring || keyword == Keyword::group_left ||
                           keyword == Keyword::group_right || keyword == Keyword::atan2;
  if (is_reserved) return unexpected(kExpected);
  return is_called ? parse_call() : parse_vector_selector();
}

Result<Parsed> Parser::parse_number() {
  const Token token = take();
  const auto value = number_or_duration(token);
  if (!value) return fail(value.error());
  return make({token.span, ValueType::scalar, NumberLiteral{*value, token.kind == TokenKind::duration}}, 0);
}

Result<Parsed> Parser::parse_string() {
  const Span span = peek().span;
  auto value = take_unquoted();
  if (!value) return pass_on(value);
  return make({span, ValueType::string, StringLiteral{std::move(*value)}}, 0);
}

Result<Parsed> Parser::parse_parentheses() {
  const Span opened = take().span;
  auto inner = parse_expression(0);
  if (!inner) return inner;
  if (auto closed = take_closing(TokenKind::right_parenthesis, opened, "expected an operator or ')'");
      !closed)
    return pass_on(closed);
  const ValueType type = inner->tree->type;
  return make({since(opened.begin), type, Parentheses{std::move(inner->tree)}}, inner->depth);
}

const Token& Parser::peek(std::size_t ahead) const {
  return lexed_.tokens[std::min(next_ + ahead, lexed_.tokens.size() - 1)];
}

const Token& Parser::take() {
  const Token& token = peek();
  if (next_ + 1 < lexed_.tokens.size()) ++next_;
  last_end_ = token.span.end;
  return token;
}

bool Parser::take_if(TokenKind kind) {
  const bool is_kind = peek().kind == kind;
  if (is_kind) take();
  return is_kind;
}

bool Parser::take_if(Keyword keyword) {
  const bool is_keyword = peek_keyword() == keyword;
  if (is_keyword) take();
  return is_keyword;
}

std::optional<Keyword> Parser::peek_keyword(std::size_t ahead) const {
  const Token& token = peek(ahead);
  return token.kind == TokenKind::word ? find_keyword(text(token.span)) : std::nullopt;
}

Result<void> Parser::take_closing(TokenKind kind, Span opened, std::string_view expected) {
  if (take_if(kind)) return {};
  if (peek().kind == TokenKind::end)
    return error_at(opened, fmt::format("'{}' is never closed", text(opened)), std::string(expected));
  return unexpected(std::string(expected) + operator_meant());
}

// "; did you mean 'and'?", where an operator could stand but another word does.
std::string Parser::operator_meant() const {
  if (peek().kind != TokenKind::word || peek_keyword()) return "";
  const std::string meant = did_you_mean(text(peek().span), operator_words());
  return meant.empty() ? "" : "; " + meant;
}

Result<std::string> Parser::take_unquoted() {
  const Span span = take().span;
  auto value = unquote(text(span));
  if (!value) return error_at(span, value.error().what, value.error().hint);
  return value;
}

tl::unexpected<Error> Parser::error_at(Span span, std::string what, std::string hint) const {
  return fail(query_error(query_, span, std::move(what), std::move(hint)));
}

tl::unexpected<Error> Parser::unexpected(std::string_view expected) const {
  const Token& token = peek();
  if (token.kind == TokenKind::refused) return fail(*lexed_.error);
  if (token.kind == TokenKind::end)
    return error_at(token.span, "the query ends too early", std::string(expected));
  return error_at(token.span, fmt::format("unexpected '{}'", printable(text(token.span))),
                  std::string(expected));
}

tl::unexpected<Error> Parser::unsupported(Span span, std::string_view feature) const {
  return error_at(span, std::string(kUnsupported) + std::string(feature));
}

Result<Parsed> Parser::make(Expression expression, std::size_t depth_of_children) const {
  if (depth_of_children >= kDepthMax)
    return error_at(expression.span, fmt::format("nested deeper than {}", kDepthMax));
  return Parsed{std::make_unique<Expression>(std::move(expression)), depth_of_children + 1};
}

}  // namespace ullage::query
