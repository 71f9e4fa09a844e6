// SPDX-License-Identifier: Apache-2.0
#include "run/text_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "history/series_file.h"
#include "run/table.h"

namespace ullage::run {

namespace {

constexpr std::size_t kColumnsMin = 16;
// A limit this many times the curve's top would press the curve to the floor.
constexpr double kLimitFarAbove = 2.5;
constexpr std::array<std::string_view, 9> kEighths = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

using Columns = std::vector<std::optional<double>>;

double seconds_of(std::int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000; }

class Axis {
 public:
  Axis(const TextChart& chart, std::size_t columns)
      : begin_ms_(chart.begin_ms),
        span_ms_(std::max<double>(static_cast<double>(chart.end_ms - chart.begin_ms), 1)),
        columns_(columns) {}
  // In columns and fractions of one, within the chart.
  double place(std::int64_t time_ms) const {
    const double place = static_cast<double>(time_ms - begin_ms_) / span_ms_ * static_cast<double>(columns_);
    return std::clamp(place, 0.0, static_cast<double>(columns_));
  }
  std::size_t column(std::int64_t time_ms) const {
    return std::min(static_cast<std::size_t>(place(time_ms)), columns_ - 1);
  }

 private:
  std::int64_t begin_ms_;
  double span_ms_;
  std::size_t columns_;
};

// The greatest sample of each column; a column between two samples holds the value of the one before.
Columns greatest(const TextChart& chart, std::size_t count) {
  const Axis axis(chart, count);
  Columns columns(count);
  std::size_t filled = axis.column(chart.samples.front().time_ms);
  double last = chart.samples.front().value;
  for (const history::Sample& sample : chart.samples) {
    const std::size_t at = axis.column(sample.time_ms);
    while (filled < at) {
      if (!columns[filled]) columns[filled] = last;
      ++filled;
    }
    columns[at] = columns[at] ? std::max(*columns[at], sample.value) : sample.value;
    last = sample.value;
  }
  return columns;
}

// What a rate was on average in each column: a sample speaks of all the time since the one before.
Columns average(const TextChart& chart, std::size_t count) {
  const Axis axis(chart, count);
  std::vector<double> sums(count), weights(count);
  double from = axis.place(chart.begin_ms);
  for (const history::Sample& sample : chart.samples) {
    const double to = axis.place(sample.time_ms);
    for (auto at = static_cast<std::size_t>(from); at < count && static_cast<double>(at) < to; ++at) {
      const double overlap =
          std::min(to, static_cast<double>(at) + 1) - std::max(from, static_cast<double>(at));
      sums[at] += overlap * sample.value;
      weights[at] += overlap;
    }
    from = std::max(from, to);
  }
  Columns columns(count);
  for (std::size_t at = 0; at < count; ++at)
    if (weights[at] > 0) columns[at] = sums[at] / weights[at];
  return columns;
}

double top_of(const Columns& columns, const TextChart& chart) {
  double top = 0;
  for (const auto& value : columns) top = std::max(top, value.value_or(0));
  if (top <= 0) return chart.limit.value_or(1);
  if (chart.limit && *chart.limit <= kLimitFarAbove * top) return std::max(top, *chart.limit);
  return top * 1.02;
}

// One cell: how much of its line the value fills.
std::string_view cell(double value, double floor, double line_height, bool utf8) {
  const double part = std::clamp((value - floor) / line_height, 0.0, 1.0);
  if (!utf8) return part >= 0.75 ? "#" : part >= 0.25 ? ":" : part > 0 && floor == 0 ? "." : " ";
  auto eighths = static_cast<std::size_t>(std::lround(part * 8));
  if (part > 0 && floor == 0) eighths = std::max<std::size_t>(eighths, 1);  // something is not nothing
  return kEighths[eighths];
}

struct Scale {
  double top;
  double line_height;
  std::optional<std::size_t> limit_line;  // from the top
};

std::string curve_line(const Columns& columns, std::size_t line, std::size_t height, const Scale& scale,
                       const ChartLook& look) {
  const double floor = scale.line_height * static_cast<double>(height - 1 - line);
  std::string text, run;
  const bool is_limit = scale.limit_line == line;
  bool in_limit = false;
  const auto end_run = [&] {
    text += in_limit ? look.style.warn(run) : look.style.painted("36", run);
    run.clear();
  };
  for (const auto& value : columns) {
    std::string_view glyph = value ? cell(*value, floor, scale.line_height, look.utf8) : " ";
    const bool limit_here = is_limit && glyph == " ";
    if (limit_here) glyph = look.utf8 ? "┄" : "-";
    if (limit_here != in_limit) end_run();
    in_limit = limit_here;
    run += glyph;
  }
  end_run();
  return text;
}

// "|load  |train", cut where the next begins. Of marks in one column the first is named.
std::string mark_line(const TextChart& chart, std::size_t count, const ChartLook& look) {
  const Axis axis(chart, count);
  std::string line;
  std::size_t width = 0;
  for (std::size_t i = 0; i < chart.marks.size(); ++i) {
    const std::size_t at = axis.column(chart.marks[i].time_ms);
    if (at < width) continue;
    std::size_t next = count;
    for (std::size_t j = i + 1; j < chart.marks.size() && next == count; ++j)
      if (axis.column(chart.marks[j].time_ms) > at) next = axis.column(chart.marks[j].time_ms);
    line.append(at - width, ' ').append(look.utf8 ? "│" : "|");
    const std::string label = printable(chart.marks[i].text);
    const std::size_t room = next - at - 1;
    const std::string shown = look.utf8 ? cut_to_width(label, room) : label.substr(0, room);
    line += shown;
    width = at + 1 + display_width(shown);
  }
  return line;
}

std::string time_line(const TextChart& chart, std::size_t count) {
  const double span = seconds_of(chart.end_ms - chart.begin_ms);
  std::string begin = "0 s", middle = format_duration(span / 2), end = format_duration(span);
  if (chart.format_time) {
    begin = chart.format_time(chart.begin_ms);
    middle = chart.format_time(chart.begin_ms + (chart.end_ms - chart.begin_ms) / 2);
    end = chart.format_time(chart.end_ms);
  }
  std::string line = padded(begin, count / 2 - display_width(middle) / 2);
  line += middle;
  const std::size_t used = display_width(line) + display_width(end);
  return line + std::string(count > used ? count - used : 1, ' ') + end;
}

}  // namespace

std::string chart_text(const TextChart& chart, const ChartLook& look) {
  if (chart.samples.empty()) return {};
  const std::size_t height = std::max<std::size_t>(look.height, 2);
  constexpr std::size_t kLabels = 10, kIndent = 2;
  const std::size_t count =
      look.width > kIndent + kLabels + 2 + kColumnsMin ? look.width - kIndent - kLabels - 2 : kColumnsMin;
  const Columns columns =
      chart.fold == TextChart::Fold::greatest ? greatest(chart, count) : average(chart, count);

  Scale scale{.top = top_of(columns, chart), .line_height = 0, .limit_line = {}};
  scale.line_height = scale.top / static_cast<double>(height);
  if (chart.limit && *chart.limit <= scale.top)
    scale.limit_line =
        std::min(static_cast<std::size_t>((scale.top - *chart.limit) / scale.line_height), height - 1);

  std::string text = chart.title;
  if (chart.limit) text += ", " + chart.limit_text + (scale.limit_line ? "" : " (above the picture)");
  text += '\n';
  const auto line = [&](const std::string& label, const std::string& body) {
    const std::string whole = std::string(kIndent, ' ') + padded(label, kLabels, true) + ' ' + body;
    text += whole.substr(0, whole.find_last_not_of(' ') + 1) + '\n';
  };
  for (std::size_t i = 0; i < height; ++i) {
    std::string label;
    if (i == 0) label = chart.format(scale.top);
    if (i == height / 2) label = chart.format(scale.line_height * static_cast<double>(height - i));
    line(label, curve_line(columns, i, height, scale, look));
  }
  line("", look.style.faint(time_line(chart, count)));
  if (!chart.marks.empty()) line("", mark_line(chart, count, look));
  return text;
}

}  // namespace ullage::run
