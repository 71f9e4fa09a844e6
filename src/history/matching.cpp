// SPDX-License-Identifier: Apache-2.0
#include "history/matching.h"

#include <re2/re2.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "history/series_source.h"
#include "history/text_pattern.h"
#include "metric/series.h"

namespace ullage::history {

Matching::Matching(Matching&&) noexcept = default;
Matching& Matching::operator=(Matching&&) noexcept = default;
Matching::~Matching() = default;

Result<Matching> Matching::compile(std::span<const Matcher> matchers) {
  Matching matching;
  for (const Matcher& matcher : matchers) {
    Prepared& prepared = matching.matchers_.emplace_back();
    prepared.label = matcher.label;
    prepared.is_negative =
        matcher.kind == Matcher::Kind::not_equal || matcher.kind == Matcher::Kind::not_regex;
    const bool is_regex = matcher.kind == Matcher::Kind::regex || matcher.kind == Matcher::Kind::not_regex;
    prepared.pattern = is_regex ? TextPattern::parse(matcher.value) : TextPattern::of_text(matcher.value);
    if (prepared.pattern) continue;
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);  // as Prometheus has it
    prepared.expression = std::make_unique<re2::RE2>(matcher.value, options);
    if (!prepared.expression->ok())
      return fail("not a regular expression: " + prepared.expression->error(),
                  matcher.label + "=~\"" + matcher.value + '"');
  }
  return matching;
}

std::span<const std::string> Matching::wanted_values(std::size_t at) const {
  const Prepared& matcher = matchers_[at];
  if (matcher.is_negative || !matcher.pattern || matcher.pattern->holds("")) return {};
  return matcher.pattern->values();
}

bool Matching::holds(std::size_t at, std::string_view value) const {
  const Prepared& matcher = matchers_[at];
  const bool is_matched = matcher.pattern ? matcher.pattern->holds(value)
                                          : re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()),
                                                                *matcher.expression);
  return is_matched != matcher.is_negative;
}

bool Matching::holds(const metric::SeriesKey& key) {
  for (std::size_t i = 0; i < matchers_.size(); ++i) {
    Prepared& matcher = matchers_[i];
    const std::string_view value = matcher.label == "__name__" ? key.name : key.label(matcher.label);
    if (matcher.pattern) {
      if (!holds(i, value)) return false;
      continue;
    }
    const auto [known, is_new] = matcher.known.try_emplace(std::string(value), false);
    if (is_new) known->second = holds(i, value);
    if (!known->second) return false;
  }
  return true;
}

}  // namespace ullage::history
