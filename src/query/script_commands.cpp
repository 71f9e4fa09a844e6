// SPDX-License-Identifier: Apache-2.0
#include "query/script_commands.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "query/keyword.h"
#include "query/literal.h"
#include "query/quoting.h"
#include "query/script_series.h"

namespace ullage::query {

namespace {

bool take(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

std::optional<std::int64_t> duration_of(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty() || duration_length(text) != text.size()) return std::nullopt;
  return duration_value_ms(text);
}

// A number alone on its line, as the expected scalar.
std::optional<double> number_of(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (!take(text, "-")) take(text, "+");
  double value = 0;
  if (is_same_word(text, "inf") || is_same_word(text, "infinity"))
    value = std::numeric_limits<double>::infinity();
  else if (is_same_word(text, "nan"))
    value = std::numeric_limits<double>::quiet_NaN();
  else if (const std::size_t length = number_length(text); length == text.size() && length > 0)
    value = number_value(text).value_or(0);
  else
    return std::nullopt;
  return is_negative ? -value : value;
}

class ScriptReader {
 public:
  explicit ScriptReader(std::string_view script) {
    while (!script.empty()) {
      const std::string_view line = trim(take_until(script, '\n'));
      lines_.push_back(line.starts_with('#') ? std::string_view() : line);
    }
  }

  std::vector<ScriptCommand> commands() {
    std::vector<ScriptCommand> commands;
    while (next_ < lines_.size()) {
      if (lines_[next_].empty()) {
        ++next_;
        continue;
      }
      const std::size_t begin = next_;
      if (auto command = read_command())
        commands.push_back(std::move(*command));
      else {
        commands.emplace_back(BrokenCommand{begin + 1, command.error().text()});
        while (!at_end_of_block()) ++next_;
      }
    }
    return commands;
  }

 private:
  // A blank line or a comment ends what belongs to a command.
  bool at_end_of_block() const { return next_ >= lines_.size() || lines_[next_].empty(); }

  Result<ScriptCommand> read_command() {
    std::string_view rest = lines_[next_];
    const std::string_view word = take_word(rest);
    if (is_same_word(word, "clear")) {
      ++next_;
      return ClearCommand{};
    }
    if (word.starts_with("load")) return read_load(word, rest);
    if (word.starts_with("eval")) return read_eval(word, rest);
    return fail("no command of a script: '" + printable(lines_[next_]) + "'");
  }

  Result<ScriptCommand> read_load(std::string_view word, std::string_view rest) {
    LoadCommand load;
    load.with_histograms = word == "load_with_nhcb";
    const auto interval = duration_of(trim(rest));
    if (!interval || (word != "load" && !load.with_histograms))
      return fail("expected load, and how far apart");
    load.interval_ms = *interval;
    bool next_has_start_times = false, rest_has_start_times = false;
    for (++next_; !at_end_of_block(); ++next_) {
      if (is_start_times(lines_[next_])) {
        const bool is_of_all = lines_[next_].starts_with("@st");
        (is_of_all ? rest_has_start_times : next_has_start_times) = true;
        continue;
      }
      auto series = parse_script_series(lines_[next_]);
      if (!series) return pass_on(series);
      series->has_start_times = std::exchange(next_has_start_times, false) || rest_has_start_times;
      std::erase_if(load.series, [&](const ScriptSeries& other) { return other.labels == series->labels; });
      load.series.push_back(std::move(*series));
    }
    return load;
  }
  // The start timestamps of the series in the next line; without a name, of all series that follow.
  static bool is_start_times(std::string_view line) { return take_word(line).ends_with("@st"); }

  Result<ScriptCommand> read_eval(std::string_view word, std::string_view rest) {
    EvalCommand eval;
    eval.line = next_ + 1;
    if (auto mode = read_mode(word, eval); !mode) return pass_on(mode);
    const std::string_view kind = take_word(rest);
    eval.is_range = kind == "range";
    if (!eval.is_range && kind != "instant") return fail("expected eval instant or eval range");
    if (auto times = read_times(rest, eval); !times) return pass_on(times);
    eval.query = trim(rest);
    if (eval.query.empty()) return fail("an eval without a query");
    for (++next_; !at_end_of_block(); ++next_) {
      auto more = read_expectation(lines_[next_], eval);
      if (!more) return pass_on(more);
      if (!*more) {
        ++next_;
        break;
      }
    }
    return eval;
  }

  static Result<void> read_mode(std::string_view word, EvalCommand& eval) {
    if (word == "eval_fail")
      eval.failure.emplace();
    else if (word == "eval_warn")
      eval.warnings.emplace_back();
    else if (word == "eval_info")
      eval.infos.emplace_back();
    else if (word == "eval_ordered")
      eval.is_ordered = true;
    else if (word != "eval")
      return fail("no form of eval: " + printable(word));
    return {};
  }

  static Result<void> read_time(std::string_view& rest, std::string_view before, std::int64_t& time_ms) {
    if (take_word(rest) != before) return fail("expected '" + std::string(before) + "'");
    const std::string_view text = take_word(rest);
    const auto time = duration_of(text);
    if (!time) return fail("not a duration: '" + printable(text) + "'");
    time_ms = *time;
    return {};
  }

  static Result<void> read_times(std::string_view& rest, EvalCommand& eval) {
    if (!eval.is_range) {
      if (auto at = read_time(rest, "at", eval.start_ms); !at) return at;
      eval.end_ms = eval.start_ms;
      return {};
    }
    if (auto from = read_time(rest, "from", eval.start_ms); !from) return from;
    if (auto to = read_time(rest, "to", eval.end_ms); !to) return to;
    return read_time(rest, "step", eval.step_ms);
  }

  // False when nothing more of the command may follow.
  static Result<bool> read_expectation(std::string_view line, EvalCommand& eval) {
    if (eval.failure && take(line, "expected_fail_message")) {
      eval.failure = Expected{Expected::Kind::text, std::string(trim(line))};
      return false;
    }
    if (eval.failure && take(line, "expected_fail_regexp")) {
      eval.failure = Expected{Expected::Kind::pattern, std::string(trim(line))};
      return false;
    }
    std::string_view rest = line;
    if (take_word(rest) == "expect") {
      if (auto expect = read_expect(trim(rest), eval); !expect) return pass_on(expect);
      return true;
    }
    if (const auto number = number_of(line)) {
      eval.scalar = number;
      return false;
    }
    auto series = parse_script_series(line);
    if (!series) return pass_on(series);
    if (series->values.size() > 1 && !eval.is_range && !eval.is_range_vector)
      return fail("an instant query has one value a series");
    std::erase_if(eval.series, [&](const ScriptSeries& other) { return other.labels == series->labels; });
    eval.series.push_back(std::move(*series));
    return true;
  }

  static Result<void> read_expect(std::string_view rest, EvalCommand& eval) {
    if (take(rest, "range vector")) {
      eval.is_range_vector = true;
      if (auto from = read_time(rest, "from", eval.start_ms); !from) return from;
      if (auto to = read_time(rest, "to", eval.end_ms); !to) return to;
      return read_time(rest, "step", eval.step_ms);
    }
    const std::string_view word = take_word(rest);
    rest = trim(rest);
    if (word == "string") {
      auto text = unquote(rest);
      if (!text) return pass_on(text);
      eval.text = std::move(*text);
      return {};
    }
    Expected expected;
    if (take(rest, "msg:"))
      expected = {Expected::Kind::text, std::string(trim(rest))};
    else if (take(rest, "regex:"))
      expected = {Expected::Kind::pattern, std::string(trim(rest))};
    else if (!rest.empty())
      return fail("expected msg: or regex: at '" + printable(rest) + "'");
    return add_expected(word, std::move(expected), eval);
  }

  static Result<void> add_expected(std::string_view word, Expected expected, EvalCommand& eval) {
    if (word == "fail")
      eval.failure = std::move(expected);
    else if (word == "warn")
      eval.warnings.push_back(std::move(expected));
    else if (word == "info")
      eval.infos.push_back(std::move(expected));
    else if (word == "no_warn")
      eval.no_warnings = true;
    else if (word == "no_info")
      eval.no_infos = true;
    else if (word == "ordered")
      eval.is_ordered = true;
    else
      return fail("nothing that a script can expect: '" + printable(word) + "'");
    return {};
  }

  std::vector<std::string_view> lines_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<ScriptCommand> parse_script(std::string_view script) { return ScriptReader(script).commands(); }

}  // namespace ullage::query
