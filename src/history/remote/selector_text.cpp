// SPDX-License-Identifier: Apache-2.0
#include "history/remote/selector_text.h"

#include <span>
#include <string>
#include <string_view>

#include "base/text.h"
#include "history/series_source.h"
#include "metric/exposition.h"

namespace ullage::history {

namespace {

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
    if (metric::is_legacy_name(matcher.label, false))
      text += matcher.label;
    else
      metric::append_quoted(text, valid_utf8(matcher.label));
    text += operator_of(matcher.kind);
    metric::append_quoted(text, valid_utf8(matcher.value));
    wants_something = wants_something || (matcher.kind == Matcher::Kind::equal && !matcher.value.empty());
  }
  if (!wants_something) text += text.size() > 1 ? ",__name__!=\"\"" : "__name__!=\"\"";
  return text + '}';
}

}  // namespace ullage::history
