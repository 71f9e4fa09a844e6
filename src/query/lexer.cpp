// SPDX-License-Identifier: Apache-2.0
#include "query/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "query/ast.h"
#include "query/literal.h"
#include "query/parser.h"
#include "query/query_error.h"
#include "query/token.h"

namespace ullage::query {

namespace {

struct Spelling {
  std::string_view text;
  TokenKind kind;
};

// The longest spelling comes first where one begins another.
constexpr std::array kEverywhere = std::to_array<Spelling>({
    {"(", TokenKind::left_parenthesis},
    {")", TokenKind::right_parenthesis},
    {"{", TokenKind::left_brace},
    {"[", TokenKind::left_bracket},
    {"]", TokenKind::right_bracket},
    {",", TokenKind::comma},
    {"@", TokenKind::at},
    {"==", TokenKind::equal},
    {"!=", TokenKind::not_equal},
    {"=~", TokenKind::match},
    {"!~", TokenKind::not_match},
    {"=", TokenKind::assign},
    {"<=", TokenKind::less_or_equal},
    {"</", TokenKind::trim_upper},
    {"<", TokenKind::less},
    {">=", TokenKind::greater_or_equal},
    {">/", TokenKind::trim_lower},
    {">", TokenKind::greater},
    {"+", TokenKind::add},
    {"-", TokenKind::subtract},
    {"*", TokenKind::multiply},
    {"/", TokenKind::divide},
    {"%", TokenKind::modulo},
    {"^", TokenKind::power},
});
constexpr std::array kInBraces = std::to_array<Spelling>({
    {"}", TokenKind::right_brace},
    {",", TokenKind::comma},
    {"!=", TokenKind::not_equal},
    {"=~", TokenKind::match},
    {"!~", TokenKind::not_match},
    {"=", TokenKind::assign},
});

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) {}

  Lexed take_all() {
    while (!lexed_.error && skip_to_token()) take_token();
    const Span rest{at_, query_.size()};
    lexed_.tokens.push_back({lexed_.error ? TokenKind::refused : TokenKind::end, rest});
    return std::move(lexed_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < query_.size() ? query_[at_ + ahead] : '\0'; }

  // False at the end of the query.
  bool skip_to_token() {
    while (at_ < query_.size() && (is_blank(query_[at_]) || query_[at_] == '#')) {
      if (query_[at_] == '#')
        at_ = std::min(query_.find_first_of("\r\n", at_), query_.size());
      else
        ++at_;
    }
    return at_ < query_.size();
  }

  void take_token() {
    const char c = peek();
    if (c == '"' || c == '\'' || c == '`') return take_text(c);
    if (in_braces_) return is_word_start(c) ? take_word() : take_symbol(kInBraces);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return take_number();
    if (c == ':' && in_brackets_) return push(TokenKind::colon, 1);
    if (is_word_start(c) || c == ':') return take_word();
    take_symbol(kEverywhere);
  }

  void push(TokenKind kind, std::size_t length) {
    lexed_.tokens.push_back({kind, {at_, at_ + length}});
    at_ += length;
  }

  void refuse(Span span, std::string what, std::string hint = {}) {
    lexed_.error = query_error(query_, span, std::move(what), std::move(hint));
  }

  void take_symbol(std::span<const Spelling> spellings) {
    for (const Spelling& spelling : spellings) {
      if (!query_.substr(at_).starts_with(spelling.text)) continue;
      push(spelling.kind, spelling.text.size());
      return note_place(spelling.kind);
    }
    refuse_character();
  }

  void note_place(TokenKind kind) {
    if (kind == TokenKind::left_brace || kind == TokenKind::right_brace)
      in_braces_ = kind == TokenKind::left_brace;
    if (kind == TokenKind::left_bracket || kind == TokenKind::right_bracket)
      in_brackets_ = kind == TokenKind::left_bracket;
  }

  void refuse_character() {
    const std::size_t length = std::max<std::size_t>(utf8_length(query_.substr(at_)), 1);
    const Span span{at_, at_ + length};
    const bool is_within_name = peek() == '.' && at_ > 0 && is_name_part(query_[at_ - 1]);
    if (static_cast<unsigned char>(peek()) >= 0x80 || is_within_name)
      return refuse(span, std::string(kUnsupported) + "unquoted UTF-8 names",
                    R"(such a name is quoted: {"my.metric", "größe"="1"})");
    refuse(span, fmt::format("unexpected character '{}'{}", printable(query_.substr(at_, length)),
                             in_braces_ ? " in a selector" : ""));
  }

  void take_word() {
    const bool takes_colons = !in_braces_ && !in_brackets_;
    std::size_t length = 1;
    while (is_name_part(peek(length)) || (takes_colons && peek(length) == ':')) ++length;
    // Of a longer name it would be the beginning, whatever it means by itself.
    if (peek(length) == '.' || static_cast<unsigned char>(peek(length)) >= 0x80) {
      at_ += length;
      return refuse_character();
    }
    push(TokenKind::word, length);
  }

  void take_number() {
    const std::string_view rest = query_.substr(at_);
    const std::size_t whole = number_or_duration_length(rest);
    if (const std::size_t length = number_length(rest); length > 0 && length == whole)
      return push(TokenKind::number, length);
    if (const std::size_t length = duration_length(rest); length > 0 && length == whole)
      return push(TokenKind::duration, length);
    refuse({at_, at_ + whole}, fmt::format("'{}' is neither a number nor a duration", rest.substr(0, whole)),
           "a number reads as 12, 0.5, 1e3 or 0x1f, a duration as 90s, 5m or 1h30m (y w d h m s ms)");
  }

  void take_text(char quote) {
    for (std::size_t i = at_ + 1; i < query_.size();) {
      const std::size_t length = utf8_length(query_.substr(i));
      if (length == 0)
        return refuse({i, i + 1}, "a string must be UTF-8", "other bytes are written as \"\\xff\"");
      if (query_[i] == quote) return push(TokenKind::text, i + 1 - at_);
      if (query_[i] == '\n' && quote != '`') break;
      const bool is_escape =
          query_[i] == '\\' && quote != '`' && i + 1 < query_.size() && query_[i + 1] != '\n';
      i += length + (is_escape && utf8_length(query_.substr(i + 1)) == 1 ? 1 : 0);
    }
    refuse({at_, at_ + 1}, "a string that does not end", fmt::format("it would end with {}", quote));
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_word_start(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  static bool is_name_part(char c) { return is_word_start(c) || is_digit(c); }

  std::string_view query_;
  std::size_t at_ = 0;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  Lexed lexed_;
};

}  // namespace

Lexed lex(std::string_view query) { return Lexer(query).take_all(); }

}  // namespace ullage::query
