// SPDX-License-Identifier: Apache-2.0
// Reads OpenMetrics 1.0 (github.com/prometheus/OpenMetrics, ABNF) with names in quotes as Prometheus 3 writes
// them:
// {"my.name",a="b"} 1 1700000000.5. Each sample needs its timestamp, and the text its end, # EOF. Exemplars
// are read and left out.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "history/exchange/exchange.h"
#include "history/exchange/line_reader.h"
#include "metric/sample_text.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::array<std::string_view, 8> kTypes = {"unknown", "gauge",     "counter", "stateset",
                                                    "info",    "histogram", "summary", "gaugehistogram"};

std::string shown(std::string_view word) { return '\'' + printable(word.substr(0, 40)) + '\''; }

class OpenMetricsReader final : public SampleReader::LineReader {
 public:
  using LineReader::LineReader;

  Result<void> line(LineCursor cursor) override {
    if (has_ended_) return cursor.fail_here("there is more after # EOF");
    if (cursor.is_at_end()) return cursor.fail_here("an empty line");
    return cursor.peek() == '#' ? read_comment(cursor) : read_sample(cursor);
  }

  Result<void> end(LineCursor cursor) override {
    return has_ended_ ? Result<void>() : cursor.fail_here("the text is cut short", "its last line is # EOF");
  }

 private:
  Result<void> read_comment(LineCursor cursor) {
    if (cursor.rest() == "# EOF") {
      has_ended_ = true;
      return {};
    }
    cursor.skip(1);
    const std::string_view keyword = cursor.take(' ') ? cursor.take_until(' ') : std::string_view();
    if (keyword != "TYPE" && keyword != "HELP" && keyword != "UNIT")
      return cursor.fail_here("neither # TYPE, # HELP, # UNIT nor # EOF", {}, cursor.at());
    if (!cursor.take(' ')) return cursor.fail_here("the name of a metric is expected");
    if (auto name = metric::take_metric_name(cursor); !name) return pass_on(name);
    if (!cursor.take(' ') && !cursor.is_at_end())
      return cursor.fail_here("a blank is expected after the name");
    const std::string_view type = cursor.rest();
    if (keyword != "TYPE" || std::ranges::find(kTypes, type) != kTypes.end()) return {};
    return cursor.fail_here(shown(type) + " is no type", did_you_mean(type, kTypes));
  }

  Result<void> read_sample(LineCursor cursor) {
    const LineCursor begin = cursor;
    if (auto taken = take_series(cursor); !taken) return taken;
    if (!cursor.take(' ')) return cursor.fail_here("a blank and a value are expected");
    const LineCursor at_value = cursor;
    const std::string_view value_text = cursor.take_until(' ');
    const auto value = metric::parse_number_text(value_text);
    if (!value) return at_value.fail_here(shown(value_text) + " is no number");
    if (!cursor.take(' ') || cursor.peek() == '#')
      return cursor.fail_here("a sample without its timestamp", "seconds since 1970 after the value");
    const LineCursor at_time = cursor;
    const std::string_view time_text = cursor.take_until(' ');
    const auto time_ms = metric::parse_seconds(time_text);
    if (!time_ms) return at_time.fail_here(shown(time_text) + " is no time", "seconds since 1970");
    if (!cursor.is_at_end())
      if (auto passed = metric::pass_exemplar(cursor); !passed) return passed;
    return add({*time_ms, *value}, begin);
  }

  Result<void> take_series(LineCursor& cursor) {
    // Most lines speak of the same series as the one before.
    const std::string_view whole = cursor.rest();
    if (has_series() && whole.starts_with(last_text_) && whole.substr(last_text_.size()).starts_with(' ')) {
      cursor.skip(last_text_.size());
      return {};
    }
    const LineCursor begin = cursor;
    auto key = metric::take_series_key(cursor);
    if (!key) return pass_on(key);
    if (auto begun = begin_series(*std::move(key), begin); !begun) return begun;
    last_text_ = cursor.since(begin.at());
    return {};
  }

  bool has_ended_ = false;
  std::string last_text_;  // of a series, as the line has it
};

}  // namespace

std::unique_ptr<SampleReader::LineReader> make_openmetrics_reader(TakeSamples take) {
  return std::make_unique<OpenMetricsReader>(std::move(take));
}

}  // namespace ullage::history
