// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/line_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "base/text.h"
#include "metric/exposition.h"
#include "metric/series.h"

namespace ullage::sense {

namespace {

constexpr std::string_view kPhaseReads = "a phase reads as 'phase NAME begin' or 'phase NAME end'";
constexpr std::string_view kGaugeReads = "a gauge reads as 'gauge queue_depth 3 shard=a'";
constexpr std::string_view kCounterReads = "a counter reads as 'counter rows_total +500 shard=a'";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}

  Result<Line> read() {
    skip_blanks();
    if (at_end() || text_[at_] == '#') return BlankLine{};
    const std::size_t begin = at_;
    const std::string_view kind = take_plain();
    if (kind == "phase") return read_phase();
    if (kind == "gauge") return read_gauge();
    if (kind == "counter") return read_counter();
    if (kind == "event") return read_event();
    constexpr auto kKinds = std::to_array<std::string_view>({"phase", "gauge", "counter", "event"});
    const std::string meant = did_you_mean(kind, kKinds);
    return wrong(begin, fmt::format("'{}' begins no line", shown(kind)),
                 meant.empty() ? "a line begins with phase, gauge, counter or event" : meant);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;

  bool at_end() const { return at_ == text_.size(); }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }
  std::string_view take_plain(char also_ends_at = ' ') {
    const std::size_t begin = at_;
    while (!at_end() && !is_blank(text_[at_]) && text_[at_] != also_ends_at) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  static std::string shown(std::string_view word) {
    constexpr std::size_t kEnough = 40;
    return printable(word.substr(0, kEnough)) + (word.size() > kEnough ? "…" : "");
  }
  static tl::unexpected<Error> wrong(std::size_t at, std::string what, std::string_view hint = {}) {
    return fail(std::move(what), fmt::format("column {}", at + 1), std::string(hint));
  }

  // A word, or a text in double quotes; at_ stands at its first byte.
  Result<std::string> take_text(std::size_t limit, std::string_view what) {
    const std::size_t begin = at_;
    std::string text;
    if (!at_end() && text_[at_] == '"') {
      auto quoted = take_quoted();
      if (!quoted) return quoted;
      text = *std::move(quoted);
    } else {
      text = take_plain();
    }
    if (text.size() > limit)
      return wrong(begin, fmt::format("{} of {} bytes", what, text.size()), fmt::format("at most {}", limit));
    return text;
  }

  Result<std::string> take_quoted() {
    const std::size_t begin = at_++;
    std::string text;
    for (; !at_end(); ++at_) {
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        if (!at_end() && !is_blank(text_[at_])) return wrong(at_, "a blank must follow the closing quote");
        return text;
      }
      if (c == '\\') {
        if (++at_ == text_.size()) break;
        c = text_[at_];
        if (c == 'n')
          c = '\n';
        else if (c != '"' && c != '\\')
          return wrong(at_ - 1, fmt::format("unknown escape '\\{}'", shown({&text_[at_], 1})),
                       "there are \\\" \\\\ and \\n");
      }
      text += c;
    }
    return wrong(begin, "the closing quote is missing");
  }

  Result<Line> read_phase() {
    skip_blanks();
    const std::size_t begin = at_;
    auto name = take_text(kPhaseNameLimit, "a phase's name");
    if (!name) return pass_on(name);
    if (trim(*name).empty()) return wrong(begin, "the phase has no name", kPhaseReads);
    skip_blanks();
    const std::size_t edge_begin = at_;
    const std::string_view edge = take_plain();
    if (edge != "begin" && edge != "end")
      return wrong(
          edge_begin,
          edge.empty() ? "neither begin nor end" : fmt::format("'{}' is neither begin nor end", shown(edge)),
          kPhaseReads);
    skip_blanks();
    if (!at_end()) return wrong(at_, "more than a phase needs", "a name with blanks stands in double quotes");
    return PhaseLine{*std::move(name), edge == "begin"};
  }

  Result<std::string> take_metric(std::string_view reads_as) {
    skip_blanks();
    const std::size_t begin = at_;
    const std::string_view name = take_plain();
    if (name.empty()) return wrong(begin, "the name is missing", reads_as);
    if (!metric::is_legacy_name(name, true))
      return wrong(begin, fmt::format("'{}' cannot name a metric", shown(name)),
                   "letters, digits, '_' and ':' can, no digit first");
    if (name.size() > kMetricNameLimit)
      return wrong(begin, "the name is too long", fmt::format("at most {} bytes", kMetricNameLimit));
    return std::string(name);
  }

  Result<double> take_number(std::string_view reads_as) {
    skip_blanks();
    const std::size_t begin = at_;
    const std::string_view word = take_plain();
    if (word.empty()) return wrong(begin, "the number is missing", reads_as);
    const auto number = to_double(word.starts_with('+') ? word.substr(1) : word);
    if (!number || !std::isfinite(*number) || word.starts_with("+-"))
      return wrong(begin, fmt::format("'{}' is not a number", shown(word)), reads_as);
    return *number;
  }

  Result<Line> read_gauge() {
    auto name = take_metric(kGaugeReads);
    if (!name) return pass_on(name);
    auto value = take_number(kGaugeReads);
    if (!value) return pass_on(value);
    auto labels = take_labels();
    if (!labels) return pass_on(labels);
    return GaugeLine{*std::move(name), *value, *std::move(labels)};
  }

  Result<Line> read_counter() {
    auto name = take_metric(kCounterReads);
    if (!name) return pass_on(name);
    skip_blanks();
    const std::size_t begin = at_;
    auto increment = take_number(kCounterReads);
    if (!increment) return pass_on(increment);
    if (*increment < 0) return wrong(begin, "a counter cannot go down", "what goes up and down is a gauge");
    auto labels = take_labels();
    if (!labels) return pass_on(labels);
    return CounterLine{*std::move(name), *increment, *std::move(labels)};
  }

  Result<Line> read_event() {
    skip_blanks();
    const std::string_view text = trim(text_.substr(at_));
    if (text.empty())
      return wrong(at_, "the event has no text", "an event reads as 'event checkpoint written'");
    if (text.size() > kEventTextLimit)
      return wrong(at_, fmt::format("a text of {} bytes", text.size()),
                   fmt::format("at most {}", kEventTextLimit));
    return EventLine{std::string(text)};
  }

  Result<metric::Labels> take_labels() {
    metric::Labels labels;
    for (skip_blanks(); !at_end(); skip_blanks()) {
      const std::size_t begin = at_;
      if (labels.size() == kLabelLimit) return wrong(begin, fmt::format("more than {} labels", kLabelLimit));
      auto label = take_label();
      if (!label) return pass_on(label);
      const auto place = std::ranges::lower_bound(labels, label->name, {}, &metric::Label::name);
      if (place != labels.end() && place->name == label->name)
        return wrong(begin, fmt::format("the label '{}' stands twice", label->name));
      labels.insert(place, *std::move(label));
    }
    return labels;
  }

  Result<metric::Label> take_label() {
    const std::size_t begin = at_;
    const std::string_view name = take_plain('=');
    if (at_end() || text_[at_] != '=')
      return wrong(begin, fmt::format("'{}' is no label", shown(name)),
                   "a label reads as shard=a or host=\"b c\"");
    if (!metric::is_legacy_name(name, false) || name.size() > kMetricNameLimit)
      return wrong(begin, fmt::format("'{}' cannot name a label", shown(name)),
                   "letters, digits and '_' can, no digit first");
    if (name == "name" || name.starts_with("__"))
      return wrong(begin, fmt::format("the label '{}' is reserved", shown(name)));
    ++at_;
    auto value = take_text(kLabelValueLimit, "a label's value");
    if (!value) return pass_on(value);
    return metric::Label{std::string(name), *std::move(value)};
  }
};

bool is_plain(std::string_view text) {
  return !text.empty() && text.front() != '"' && text.find_first_of(" \t\r\n") == std::string_view::npos;
}

std::string in_quotes(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

std::string label_text(const metric::Labels& labels) {
  std::string text;
  for (const metric::Label& label : labels) text += " " + label.name + "=" + in_quotes(label.value);
  return text;
}

}  // namespace

Result<Line> parse_line(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() > kLineLimitBytes)
    return fail("the line is too long", fmt::format("column {}", kLineLimitBytes + 1),
                fmt::format("at most {} bytes", kLineLimitBytes));
  if (const std::size_t nul = text.find_first_of(std::string_view("\0\n", 2)); nul != std::string_view::npos)
    return fail("a byte that no line may hold", fmt::format("column {}", nul + 1));
  const std::string valid = valid_utf8(text);  // what is not UTF-8 becomes U+FFFD, as everywhere
  return LineReader(valid).read();
}

std::string format_line(const Line& line) {
  struct Format {
    std::string operator()(const PhaseLine& phase) const {
      return fmt::format("phase {} {}", in_quotes(phase.name), phase.begins ? "begin" : "end");
    }
    std::string operator()(const GaugeLine& gauge) const {
      return fmt::format("gauge {} {}{}", gauge.name, gauge.value, label_text(gauge.labels));
    }
    std::string operator()(const CounterLine& counter) const {
      return fmt::format("counter {} +{}{}", counter.name, counter.increment, label_text(counter.labels));
    }
    std::string operator()(const EventLine& event) const {
      std::string text = "event " + event.text;
      std::ranges::replace(text, '\n', ' ');
      return text;
    }
    std::string operator()(const BlankLine&) const { return ""; }
  };
  return std::visit(Format{}, line);
}

}  // namespace ullage::sense
