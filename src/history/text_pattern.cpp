// SPDX-License-Identifier: Apache-2.0
#include "history/text_pattern.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ullage::history {

namespace {

bool is_printable(char c) { return c >= ' ' && c < 0x7f; }
// Outside it, what RE2 says of bytes that are not UTF-8 would have to be said here, too.
bool is_itself(char c) {
  return is_printable(c) && std::string_view("\\.+*?()|[]{}^$").find(c) == std::string_view::npos;
}
bool is_escaped(char c) {  // letters and digits mean something else after a backslash
  const bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return is_printable(c) && c != ' ' && !is_word;
}

}  // namespace

std::optional<TextPattern> TextPattern::parse(std::string_view rest) {
  if (rest.starts_with('(') && rest.ends_with(')')) rest = rest.substr(1, rest.size() - 2);
  TextPattern pattern;
  while (!rest.empty()) {
    Alternative& last = pattern.alternatives_.back();
    std::size_t taken = 1;
    if (rest[0] == '|') {
      pattern.alternatives_.emplace_back();
    } else if (rest.starts_with(".*") || rest.starts_with(".+")) {
      last.gaps_min.push_back(rest[1] == '+' ? 1 : 0);
      last.texts.emplace_back();
      taken = 2;
    } else if (rest[0] == '\\' && rest.size() > 1 && is_escaped(rest[1])) {
      last.texts.back() += rest[1];
      taken = 2;
    } else if (is_itself(rest[0])) {
      last.texts.back() += rest[0];
    } else {
      return std::nullopt;
    }
    rest.remove_prefix(taken);
  }
  pattern.note_values();
  return pattern;
}

TextPattern TextPattern::of_text(std::string text) {
  TextPattern pattern;
  pattern.alternatives_.front().texts.front() = std::move(text);
  pattern.note_values();
  return pattern;
}

void TextPattern::note_values() {
  for (const Alternative& alternative : alternatives_) {
    if (!alternative.gaps_min.empty()) return values_.clear();
    values_.push_back(alternative.texts.front());
  }
  std::ranges::sort(values_);
  const auto repeated = std::ranges::unique(values_);
  values_.erase(repeated.begin(), repeated.end());
}

bool TextPattern::holds(std::string_view value) const {
  if (!values_.empty()) return std::ranges::binary_search(values_, value);
  return std::ranges::any_of(alternatives_, [&](const Alternative& each) { return each.holds(value); });
}

// Taking each text as early as it comes leaves the most room for those after it.
bool TextPattern::Alternative::holds(std::string_view value) const {
  const std::string& last = texts.back();
  if (!value.starts_with(texts.front())) return false;
  if (gaps_min.empty()) return value.size() == last.size();
  std::size_t at = texts.front().size();
  for (std::size_t i = 1; i + 1 < texts.size(); ++i) {
    at = value.find(texts[i], at + gaps_min[i - 1]);
    if (at == std::string_view::npos) return false;
    at += texts[i].size();
  }
  return at + gaps_min.back() + last.size() <= value.size() && value.ends_with(last);
}

}  // namespace ullage::history
