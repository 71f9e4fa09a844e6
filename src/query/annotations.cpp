// SPDX-License-Identifier: Apache-2.0
#include "query/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "query/ast.h"
#include "query/calendar.h"
#include "query/quoting.h"

namespace ullage::query {

void Annotations::forced_monotonicity(std::string_view metric, Span where, std::int64_t time_ms,
                                      const MonotonicityFix& fix) {
  const std::string text = with_metric_name(
      "input to histogram_quantile needed to be fixed for monotonicity (see "
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
      metric);
  const Note note{true, where, fix, time_ms, time_ms, 1};
  const auto [found, is_new] = notes_.try_emplace(text, note);
  if (!is_new) found->second.add(note);
}

void Annotations::add_moved(const Annotations& other, std::size_t from, std::size_t to) {
  for (const auto& [text, said] : other.notes_) {
    Note note = said;
    // What is said of no place in the part stays where it is.
    if (said.where.end > 0) note.where = {said.where.begin - from + to, said.where.end - from + to};
    const auto [found, is_new] = notes_.try_emplace(text, note);
    if (is_new) continue;
    if (note.fixes > 0)
      found->second.add(note);
    else
      found->second = note;
  }
}

void Annotations::Note::add(const Note& other) {
  fix.bucket_min = std::min(fix.bucket_min, other.fix.bucket_min);
  fix.bucket_max = std::max(fix.bucket_max, other.fix.bucket_max);
  fix.difference_max = std::max(fix.difference_max, other.fix.difference_max);
  first_ms = std::min(first_ms, other.first_ms);
  last_ms = std::max(last_ms, other.last_ms);
  fixes += other.fixes;
}

std::vector<std::string> Annotations::texts(std::string_view query, bool infos) const {
  std::vector<std::string> texts;
  for (const auto& [what, note] : notes_) {
    if (note.is_info != infos) continue;
    std::string text = (infos ? "PromQL info: " : "PromQL warning: ") + what;
    if (note.fixes > 0)
      text +=
          fmt::format(", from buckets {} to {}, with a max diff of {:.2g}, over {} samples from {} to {}",
                      go_number(note.fix.bucket_min), go_number(note.fix.bucket_max), note.fix.difference_max,
                      note.fixes, utc_text(note.first_ms / 1000), utc_text(note.last_ms / 1000));
    texts.push_back(fmt::format("{} ({})", text, position(query, note.where.begin)));
  }
  return texts;
}

std::string with_metric_name(std::string text, std::string_view metric) {
  return metric.empty() ? text : fmt::format("{} for metric name {}", text, quote(metric));
}

std::string go_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  // The shortest digits that read back; an exponent below 1e-4 and from 1e6 on.
  const double size = std::fabs(value);
  const auto form =
      size != 0 && (size < 1e-4 || size >= 1e6) ? std::chars_format::scientific : std::chars_format::fixed;
  char text[40];
  const auto written = std::to_chars(text, text + sizeof text, value, form);
  return {text, written.ptr};
}

std::string position(std::string_view query, std::size_t byte) {
  if (byte > query.size()) return "invalid position";
  const std::string_view before = query.substr(0, byte);
  const auto lines = std::ranges::count(before, '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("{}:{}", lines + 1, byte - line_begin + 1);
}

}  // namespace ullage::query
