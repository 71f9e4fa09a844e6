// SPDX-License-Identifier: Apache-2.0
#include "metric/exposition_parser.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "metric/family_text.h"
#include "metric/line_cursor.h"
#include "metric/sample_text.h"
#include "metric/series.h"

namespace ullage::metric {

namespace {

std::string shown(std::string_view word) { return '\'' + printable(word.substr(0, 40)) + '\''; }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void skip_blanks(LineCursor& cursor) {
  while (is_blank(cursor.peek())) cursor.skip(1);
}

std::string_view take_token(LineCursor& cursor) {
  const std::string_view token = cursor.rest().substr(0, cursor.rest().find_first_of(" \t"));
  cursor.skip(token.size());
  return token;
}

// Within the braces; blanks may stand anywhere between the parts, as the text format has it.
Result<void> take_braces(LineCursor& cursor, SeriesKey& key) {
  for (skip_blanks(cursor); !cursor.take('}'); skip_blanks(cursor)) {
    if (cursor.is_at_end()) return cursor.fail_here("the labels do not end");
    const LineCursor begin = cursor;
    const bool is_quoted = cursor.peek() == '"';
    auto name = take_label_name(cursor);
    if (!name) return pass_on(name);
    skip_blanks(cursor);
    if (cursor.take('=')) {
      skip_blanks(cursor);
      auto value = take_quoted(cursor);
      if (!value) return pass_on(value);
      key.labels.push_back({std::move(*name), std::move(*value)});
    } else if (is_quoted && key.name.empty()) {
      key.name = std::move(*name);  // {"the.name",a="b"}
    } else {
      return is_quoted ? begin.fail_here("a second name")
                       : cursor.fail_here("= is expected after a label's name");
    }
    skip_blanks(cursor);
    if (!cursor.take(',') && cursor.peek() != '}')
      return cursor.fail_here("a comma or the end of the labels is expected");
  }
  return {};
}

Result<SeriesKey> take_key(LineCursor& cursor) {
  const LineCursor begin = cursor;
  SeriesKey key;
  if (cursor.peek() != '{') {
    const std::string_view name = cursor.rest().substr(0, cursor.rest().find_first_of(" \t{"));
    LineCursor name_cursor = cursor;
    auto taken = take_metric_name(name_cursor);
    if (!taken && name != cursor.rest()) {  // a tab after it
      LineCursor apart(name, 0);
      taken = take_metric_name(apart);
    }
    if (!taken) return begin.fail_here(shown(name) + " is no name of a metric");
    key.name = std::move(*taken);
    cursor.skip(name.size());
    skip_blanks(cursor);
  }
  if (cursor.take('{'))
    if (auto taken = take_braces(cursor, key); !taken) return pass_on(taken);
  if (auto settled = settle_key(key, begin); !settled) return pass_on(settled);
  return key;
}

Result<ExpositionSample> parse_sample(LineCursor cursor) {
  auto key = take_key(cursor);
  if (!key) return pass_on(key);
  skip_blanks(cursor);
  const LineCursor at_value = cursor;
  const std::string_view value_text = take_token(cursor);
  if (value_text.empty()) return at_value.fail_here("a value is expected");
  const auto value = parse_number_text(value_text);
  if (!value) return at_value.fail_here(shown(value_text) + " is no number");
  ExpositionSample sample{.key = *std::move(key), .value = *value};
  skip_blanks(cursor);
  if (cursor.is_at_end() || cursor.peek() == '#') return sample;
  const LineCursor at_time = cursor;
  const std::string_view time_text = take_token(cursor);
  if (!parse_number_text(time_text)) return at_time.fail_here(shown(time_text) + " is no time");
  sample.has_time = true;
  skip_blanks(cursor);
  if (!cursor.is_at_end() && cursor.peek() != '#')
    return cursor.fail_here("nothing may stand after a sample's time");
  return sample;
}

constexpr std::string_view kEnd = "# EOF";

bool ends_with_eof(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return false;
  text = text.substr(0, last + 1);
  const std::size_t line_end = text.rfind('\n');
  return text.substr(line_end == std::string_view::npos ? 0 : line_end + 1) == kEnd;
}

}  // namespace

Result<Exposition> parse_exposition(std::string_view text, const ExpositionOptions& options) {
  Exposition exposition;
  std::vector<ExpositionSample>& samples = exposition.samples;
  const bool must_end = options.form == ExpositionForm::open_metrics;
  const bool is_open = must_end || (options.form == ExpositionForm::by_its_end && ends_with_eof(text));
  FamilyText said(is_open ? FamilyText::Form::open_metrics : FamilyText::Form::plain, options.families_max);
  std::uint64_t number = 0;
  bool has_ended = false;
  while (!text.empty() && !has_ended) {
    std::string_view line = take_until(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    LineCursor cursor(line, ++number);
    skip_blanks(cursor);
    if (cursor.peek() == '#') {
      has_ended = must_end && line == kEnd;
      said.take(cursor.rest());
      continue;
    }
    if (cursor.is_at_end()) continue;
    if (samples.size() == options.samples_max)
      return cursor.fail_here("more than " + std::to_string(options.samples_max) + " samples");
    auto sample = parse_sample(cursor);
    if (!sample) return pass_on(sample);
    said.take_sample(sample->key.name);
    samples.push_back(*std::move(sample));
  }
  if (must_end && !has_ended)
    return LineCursor({}, number + 1).fail_here("the text is cut short", "its last line is # EOF");
  exposition.families = said.families();
  return exposition;
}

}  // namespace ullage::metric
