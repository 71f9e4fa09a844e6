// SPDX-License-Identifier: Apache-2.0
#include "history/matching.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

bool is_regex(const Matcher& matcher) {
  return matcher.kind == Matcher::Kind::regex || matcher.kind == Matcher::Kind::not_regex;
}

// An expression that only spells out a text asks for that text.
void make_plain(Matcher& matcher) {
  const auto is_itself = [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("\\.+*?()|[]{}^$").find(c) == std::string_view::npos;
  };
  if (!is_regex(matcher) || !std::ranges::all_of(matcher.value, is_itself)) return;
  matcher.kind = matcher.kind == Matcher::Kind::regex ? Matcher::Kind::equal : Matcher::Kind::not_equal;
}

}  // namespace

Matching::Matching(Matching&&) noexcept = default;
Matching& Matching::operator=(Matching&&) noexcept = default;
Matching::~Matching() = default;

Result<Matching> Matching::compile(std::span<const Matcher> matchers) {
  Matching matching;
  matching.known_.resize(matchers.size());
  for (const Matcher& matcher : matchers) {
    make_plain(matching.matchers_.emplace_back(matcher));
    matching.expressions_.emplace_back();
    if (!is_regex(matching.matchers_.back())) continue;
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);  // as Prometheus has it
    auto expression = std::make_unique<re2::RE2>(matcher.value, options);
    if (!expression->ok())
      return fail("not a regular expression: " + expression->error(),
                  matcher.label + "=~\"" + matcher.value + '"');
    matching.expressions_.back() = std::move(expression);
  }
  return matching;
}

std::optional<std::string_view> Matching::wanted_value(std::size_t at) const {
  const Matcher& matcher = matchers_[at];
  if (matcher.kind != Matcher::Kind::equal || matcher.value.empty()) return std::nullopt;
  return matcher.value;
}

bool Matching::holds(std::size_t at, std::string_view value) const {
  const Matcher& matcher = matchers_[at];
  switch (matcher.kind) {
    case Matcher::Kind::equal:
      return value == matcher.value;
    case Matcher::Kind::not_equal:
      return value != matcher.value;
    case Matcher::Kind::regex:
      return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *expressions_[at]);
    case Matcher::Kind::not_regex:
      return !re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *expressions_[at]);
  }
  return false;
}

bool Matching::holds(const metric::SeriesKey& key) {
  for (std::size_t i = 0; i < matchers_.size(); ++i) {
    const std::string_view value =
        matchers_[i].label == "__name__" ? key.name : key.label(matchers_[i].label);
    if (!is_regex(matchers_[i])) {
      if (!holds(i, value)) return false;
      continue;
    }
    const auto [known, is_new] = known_[i].try_emplace(std::string(value), false);
    if (is_new) known->second = holds(i, value);
    if (!known->second) return false;
  }
  return true;
}

}  // namespace ullage::history
