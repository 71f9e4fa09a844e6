// SPDX-License-Identifier: Apache-2.0
// Reads time_ms,name,labels,value; fields may be quoted as RFC 4180 has it, on one line.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "history/block.h"
#include "history/exchange/exchange.h"
#include "history/exchange/line_reader.h"
#include "metric/sample_text.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::string_view kHeader = "time_ms,name,labels,value";

// The field at the cursor, and the comma after it.
Result<std::string> take_field(LineCursor& cursor) {
  if (!cursor.take('"')) {
    const std::string_view plain = cursor.take_until(',');
    if (plain.find('"') != std::string_view::npos)
      return cursor.fail_here("a quote in the middle of a field", {}, plain.size() - plain.find('"'));
    cursor.take(',');
    return std::string(plain);
  }
  const LineCursor begin = cursor;
  std::string field;
  while (true) {
    field += cursor.take_until('"');
    if (!cursor.take('"')) return begin.fail_here("a quote that is not closed on its line", {}, 1);
    if (!cursor.take('"')) break;
    field += '"';
  }
  if (!cursor.take(',') && !cursor.is_at_end()) return cursor.fail_here("a comma is expected after a quote");
  return field;
}

class CsvReader final : public SampleReader::LineReader {
 public:
  using LineReader::LineReader;

  Result<void> line(LineCursor cursor) override {
    if (!has_header_) {
      has_header_ = true;
      if (cursor.rest() == kHeader) return {};
      return cursor.fail_here("the columns are others", "the first line is " + std::string(kHeader));
    }
    const LineCursor begin = cursor;
    auto time = take_field(cursor);
    if (!time) return pass_on(time);
    const auto time_ms = to_signed(*time);
    if (!time_ms) return begin.fail_here("'" + printable(*time) + "' is no time", "milliseconds since 1970");
    if (auto begun = take_series(cursor); !begun) return begun;
    const LineCursor at_value = cursor;
    const auto value = take_field(cursor);
    if (!value) return fail(value.error());
    if (!cursor.is_at_end()) return cursor.fail_here("more than four fields");
    const auto number = value->empty() ? kAbsent : metric::parse_number_text(*value);
    if (!number) return at_value.fail_here("'" + printable(*value) + "' is no number");
    return add({*time_ms, *number}, begin);
  }

  Result<void> end(LineCursor cursor) override {
    return has_header_ ? Result<void>()
                       : cursor.fail_here("there is nothing", "the first line is " + std::string(kHeader));
  }

 private:
  Result<void> take_series(LineCursor& cursor) {
    const std::size_t begin = cursor.at();
    // Most lines speak of the same series as the one before.
    if (has_series() && cursor.rest().starts_with(last_text_)) {
      cursor.skip(last_text_.size());
      return {};
    }
    const LineCursor at_name = cursor;
    metric::SeriesKey key;
    auto name = take_field(cursor);
    if (!name) return pass_on(name);
    if (name->starts_with('"')) {
      LineCursor quoted(*name, 0);
      name = metric::take_quoted(quoted);
      if (!name || !quoted.is_at_end()) return at_name.fail_here("a name in quotes that do not fit");
    }
    key.name = std::move(*name);
    const LineCursor at_labels = cursor;
    const auto labels = take_field(cursor);
    if (!labels) return fail(labels.error());
    LineCursor inner(*labels, 0);
    if (auto taken = metric::take_labels(inner, '\0', key.labels); !taken)
      return at_labels.fail_here("in the labels, " + taken.error().what, taken.error().hint);
    if (cursor.is_at_end()) return cursor.fail_here("fewer than four fields");
    if (auto begun = begin_series(std::move(key), at_name); !begun) return begun;
    last_text_ = cursor.since(begin);
    return {};
  }

  bool has_header_ = false;
  std::string last_text_;  // of name and labels, with the comma after them
};

}  // namespace

std::unique_ptr<SampleReader::LineReader> make_csv_reader(TakeSamples take) {
  return std::make_unique<CsvReader>(std::move(take));
}

}  // namespace ullage::history
