// SPDX-License-Identifier: Apache-2.0
#include "query/script_series.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "metric/series.h"
#include "query/keyword.h"
#include "query/label_set.h"
#include "query/matrix.h"
#include "query/quoting.h"

namespace ullage::query {

namespace {

constexpr std::size_t kValuesMax = 100'000;  // of one line: its few bytes may ask for billions

// Unquoted UTF-8 and dots too, which Prometheus's scripts may use in the names of series.
bool is_name_part(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || c == '.' || (c >= '0' && c <= '9') ||
         (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  Result<ScriptSeries> series() {
    ScriptSeries series;
    metric::Labels labels;
    const bool is_number =
        !rest_.empty() && (rest_.front() == '.' || (rest_.front() >= '0' && rest_.front() <= '9'));
    if (const std::string_view name = is_number ? "" : take_while(is_name_part); !name.empty())
      labels.push_back({std::string(kNameLabel), std::string(name)});
    skip_blanks();
    if (rest_.starts_with('{') && !rest_.starts_with("{{"))
      if (auto read = read_labels(labels); !read) return pass_on(read);
    if (labels.empty() && !read_braces_) return wrong("a series");
    series.labels = LabelSet(std::move(labels));
    for (skip_blanks(); !rest_.empty(); skip_blanks())
      if (auto read = read_item(series.values); !read) return pass_on(read);
    return series;
  }

 private:
  tl::unexpected<Error> wrong(std::string_view expected) const {
    return fail("expected " + std::string(expected) + " at '" + printable(rest_.substr(0, 30)) + "'");
  }
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  template <class Holds>
  std::string_view take_while(Holds holds) {
    const auto end = std::ranges::find_if_not(rest_, holds);
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  Result<std::string> read_quoted() {
    std::size_t end = 1;
    const char quote = rest_.empty() ? '\0' : rest_.front();
    while (end < rest_.size() && rest_[end] != quote) end += rest_[end] == '\\' && quote != '`' ? 2 : 1;
    if (end >= rest_.size()) return wrong("a quoted string");
    auto text = unquote(rest_.substr(0, end + 1));
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool at_quote() const {
    return !rest_.empty() && std::string_view("\"'`").find(rest_.front()) != std::string_view::npos;
  }

  Result<void> read_labels(metric::Labels& labels) {
    read_braces_ = true;
    take("{");
    for (skip_blanks(); !take("}"); skip_blanks()) {
      std::string name;
      const bool is_quoted = at_quote();
      if (is_quoted) {
        auto quoted = read_quoted();
        if (!quoted) return pass_on(quoted);
        name = std::move(*quoted);
      } else {
        name = take_while(is_name_part);
      }
      if (name.empty()) return wrong("a label's name");
      skip_blanks();
      if (take("=")) {
        skip_blanks();
        auto value = read_quoted();
        if (!value) return pass_on(value);
        labels.push_back({std::move(name), std::move(*value)});
      } else if (is_quoted) {
        labels.push_back({std::string(kNameLabel), std::move(name)});  // a quoted name of the series itself
      } else {
        return wrong("=");
      }
      skip_blanks();
      if (!take(",") && !rest_.starts_with('}')) return wrong("a comma or }");
    }
    return {};
  }

  // A histogram in braces, whatever it holds.
  bool take_histogram() {
    if (!rest_.starts_with("{{")) return false;
    const std::size_t end = rest_.find("}}");
    if (end == std::string_view::npos) return false;
    rest_.remove_prefix(end + 2);
    return true;
  }

  std::optional<double> take_number() {
    const bool is_negative = rest_.starts_with('-');
    if (!take("-")) take("+");
    double value = 0;
    if (rest_.size() >= 3 && is_same_word(rest_.substr(0, 3), "inf")) {
      value = std::numeric_limits<double>::infinity();
      rest_.remove_prefix(3);
    } else if (rest_.size() >= 3 && is_same_word(rest_.substr(0, 3), "nan")) {
      value = std::numeric_limits<double>::quiet_NaN();
      rest_.remove_prefix(3);
    } else {
      const auto number = to_double(take_digits());
      if (!number) return std::nullopt;
      value = *number;
    }
    return is_negative ? -value : value;
  }
  // 0x5 is five zeros more here, not a hexadecimal number.
  std::string_view take_digits() {
    std::size_t end = 0;
    const auto digits = [&] {
      while (end < rest_.size() && rest_[end] >= '0' && rest_[end] <= '9') ++end;
    };
    digits();
    if (end < rest_.size() && rest_[end] == '.') ++end;
    digits();
    if (end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
      ++end;
      if (end < rest_.size() && (rest_[end] == '+' || rest_[end] == '-')) ++end;
      digits();
    }
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return taken;
  }

  // The N of xN; 0 where there is none.
  Result<std::size_t> take_times() {
    if (!take("x")) return std::size_t{0};
    const auto times = to_unsigned(take_while([](char c) { return c >= '0' && c <= '9'; }));
    if (!times || *times > kValuesMax) return wrong("a number of times that is not too great");
    return static_cast<std::size_t>(*times);
  }

  Result<void> read_item(std::vector<ScriptValue>& values) {
    ScriptValue value;
    double increase = 0;
    bool is_once_more = true;  // vxN is a value and N repeats
    if (take("_")) {
      is_once_more = rest_.empty() || rest_.front() != 'x';
    } else if (take_histogram()) {
      value.kind = ScriptValue::Kind::histogram;
      if ((take("+") || take("-")) && !take_histogram()) return wrong("a histogram");
    } else if (take("stale")) {
      value = {ScriptValue::Kind::number, kAbsent};
    } else {
      const auto number = take_number();
      if (!number) return wrong("a value");
      value = {ScriptValue::Kind::number, *number};
      if (rest_.starts_with('+') || rest_.starts_with('-')) {
        const auto step = take_number();
        if (!step) return wrong("what the value grows by");
        increase = *step;
      }
    }
    const auto times = take_times();
    if (!times) return tl::unexpected(times.error());
    if (!rest_.empty() && rest_.front() != ' ' && rest_.front() != '\t') return wrong("a blank");
    const std::size_t count = *times + (is_once_more ? 1 : 0);
    if (values.size() + count > kValuesMax) return wrong("fewer values");
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(value);
      if (increase != 0) value.value += increase;
    }
    return {};
  }

  std::string_view rest_;
  bool read_braces_ = false;
};

}  // namespace

Result<ScriptSeries> parse_script_series(std::string_view line) { return LineReader(line).series(); }

}  // namespace ullage::query
