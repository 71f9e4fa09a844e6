// SPDX-License-Identifier: Apache-2.0
// The parser itself, for its sources: parser.cpp (precedence climbing, literals), parse_matching.cpp (what
// operators carry), parse_suffix.cpp (ranges, offset, @), parse_selector.cpp and parse_call.cpp. What a node
// must fulfil is checked where it is made. Not for users: they call parser.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/function_table.h"
#include "query/keyword.h"
#include "query/lexer.h"
#include "query/parser.h"

namespace ullage::query {

// A tree and how deep it is.
struct Parsed {
  ExpressionPtr tree;
  std::size_t depth = 1;
};

class Parser {
 public:
  Parser(std::string_view query, const FunctionTable& functions);

  Result<ExpressionPtr> parse_all();
  Result<VectorSelector> parse_selector_alone();

 private:
  Result<Parsed> parse_expression(int precedence_min);
  Result<Parsed> parse_unary();
  Result<Parsed> parse_with_suffixes();
  Result<Parsed> parse_primary();
  Result<Parsed> parse_word();
  Result<Parsed> parse_number();
  Result<Parsed> parse_string();
  Result<Parsed> parse_parentheses();

  std::optional<Operator> peek_operator() const;
  Result<Parsed> parse_binary(Parsed left, Operator operation);
  Result<void> parse_modifiers(Binary& binary);
  Result<void> parse_grouping(VectorMatching& matching);
  Result<void> check_binary(Binary& binary, Span modifiers);
  Result<void> check_matching(Binary& binary, Span modifiers);

  // What may stand behind an expression, once each.
  struct Suffixes {
    bool has_offset = false;
    bool has_at = false;
  };
  Result<Parsed> parse_suffix(Parsed inner, Suffixes& seen);
  Result<Parsed> parse_range(Parsed inner, Suffixes& seen);
  Result<Parsed> parse_subquery(Parsed inner, std::int64_t range_ms);
  Result<void> parse_offset(Expression& expression, Suffixes& seen);
  Result<void> parse_at(Expression& expression, Suffixes& seen);
  Result<void> parse_at_time(TimeShift& shift);
  Result<double> parse_signed_seconds(std::string_view expected);
  Result<std::int64_t> parse_range_ms();
  Result<std::int64_t> to_duration_ms(double seconds, Span span);
  Result<double> number_or_duration(const Token& token);

  Result<Parsed> parse_vector_selector();
  Result<VectorSelector> parse_selector_body();
  Result<history::Matcher> parse_matcher();
  Result<void> check_selector(const VectorSelector& selector, Span span);
  Result<void> check_regex(const history::Matcher& matcher, Span span);

  Result<Parsed> parse_call();
  Result<Parsed> parse_aggregate();
  Result<void> parse_aggregate_modifier(Aggregate& aggregate);
  Result<std::vector<Parsed>> parse_arguments();
  Result<std::vector<std::string>> parse_labels();
  Result<std::string> parse_label();
  Result<void> check_arguments(const Function& function, const std::vector<Parsed>& arguments, Span span);
  Result<void> check_type(const Expression& expression, ValueType wanted, std::string_view where);

  const Token& peek(std::size_t ahead = 0) const;
  const Token& take();
  bool take_if(TokenKind kind);
  bool take_if(Keyword keyword);
  std::optional<Keyword> peek_keyword(std::size_t ahead = 0) const;
  Result<void> take_closing(TokenKind kind, Span opened, std::string_view expected);
  std::string_view text(Span span) const { return query_.substr(span.begin, span.end - span.begin); }
  Span since(std::size_t begin) const { return {begin, last_end_}; }
  std::string operator_meant() const;
  Result<std::string> take_unquoted();

  tl::unexpected<Error> error_at(Span span, std::string what, std::string hint = {}) const;
  // Of the next token.
  tl::unexpected<Error> unexpected(std::string_view expected) const;
  tl::unexpected<Error> unsupported(Span span, std::string_view feature) const;
  // Refuses what would be too deep.
  Result<Parsed> make(Expression expression, std::size_t depth_of_children) const;

  std::string_view query_;
  const FunctionTable& functions_;
  Lexed lexed_;
  std::size_t next_ = 0;      // token
  std::size_t last_end_ = 0;  // of the token taken last
  std::size_t nesting_ = 0;
};

}  // namespace ullage::query
