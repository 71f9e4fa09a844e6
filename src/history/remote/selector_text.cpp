// SPDX-License-Identifier: Apache-2.0
#include "history/remote/selector_text.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "base/text.h"
#include "history/series_source.h"

namespace ullage::history {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool is_plain_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string_view operator_of(Matcher::Kind kind) {
  switch (kind) {
    case Matcher::Kind::equal:
      return "=";
    case Matcher::Kind::not_equal:
      return "!=";
    case Matcher::Kind::regex:
      return "=~";
    case Matcher::Kind::not_regex:
      return "!~";
  }
  return {};
}

}  // namespace

std::string selector_text(std::span<const Matcher> matchers) {
  std::string text = "{";
  bool wants_something = false;
  for (const Matcher& matcher : matchers) {
    if (text.size() > 1) text += ',';
    text += is_plain_name(matcher.label) ? matcher.label : quoted(valid_utf8(matcher.label));
    text += operator_of(matcher.kind);
    text += quoted(valid_utf8(matcher.value));
    wants_something = wants_something || (matcher.kind == Matcher::Kind::equal && !matcher.value.empty());
  }
  if (!wants_something) text += text.size() > 1 ? ",__name__!=\"\"" : "__name__!=\"\"";
  return text + '}';
}

}  // namespace ullage::history
