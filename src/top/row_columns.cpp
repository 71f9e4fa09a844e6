// SPDX-License-Identifier: Apache-2.0
#include "top/row_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "run/table.h"
#include "top/machine_view.h"
#include "top/row_list.h"
#include "top/text_line.h"

namespace ullage::top {

namespace {

constexpr std::size_t kCommandLeast = 18;
constexpr std::size_t kTrailLeast = 8, kTrailMost = 30;
constexpr double kSoonSeconds = 600, kLaterSeconds = 3600;
// Figures that are not worth a look are faint.
constexpr double kFaintCores = 0.005, kFaintBytes = 1 << 20, kFaintBytesPerSecond = 1024;

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

Cell size_cell(std::optional<double> bytes) {
  if (!bytes) return {};
  return {short_bytes(*bytes), std::abs(*bytes) < kFaintBytes ? Tone::faint : Tone::plain};
}
template <class Number>
std::optional<double> as_double(const std::optional<Number>& value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

Tone urgency(std::optional<double> seconds_left) {
  if (!seconds_left) return Tone::plain;
  return *seconds_left < kSoonSeconds ? Tone::bad : *seconds_left < kLaterSeconds ? Tone::warn : Tone::plain;
}

Cell used_cell(const RowView& row) {
  Cell cell = size_cell(static_cast<double>(row.used_bytes));
  if (row.is_used_a_bound) cell.text.insert(0, "≤");
  return cell;
}

Cell for_cell(const RowView& row) {
  if (!row.growing_seconds) return {};
  return {format_duration(std::round(*row.growing_seconds))};
}

Cell growth_cell(const RowView& row) {
  if (!row.growth_bytes_per_minute) return {};
  const double growth = *row.growth_bytes_per_minute;
  if (std::abs(growth) < kFaintBytes / 16.0) return {"0", Tone::faint};
  return {(growth > 0 ? "+" : "") + short_bytes(growth), urgency(row.seconds_until_full())};
}

Cell cpu_cell(const RowView& row) {
  const Tone tone = row.cpu_cores < kFaintCores ? Tone::faint : Tone::plain;
  return {fmt::format("{:.{}f}", row.cpu_cores, row.cpu_cores < 99.995 ? 2 : 0), tone};
}

Cell io_cell(const RowView& row) {
  if (!row.read_per_second && !row.written_per_second) return {};
  const double sum = row.io_per_second();
  return {short_bytes(sum), sum < kFaintBytesPerSecond ? Tone::faint : Tone::plain};
}

Cell state_cell(const RowView& row) {
  return {std::string(1, row.state), row.state == 'D' || row.state == 'Z' ? Tone::warn : Tone::plain};
}

Cell full_cell(const RowView& row) {
  const auto seconds = row.seconds_until_full();
  if (!seconds || *seconds > 86400) return {};
  return {format_duration(std::round(*seconds)), urgency(seconds)};
}

enum class Kind : unsigned char { text, number, trail };

// The lower the rank, the longer it stays when room is scarce.
struct Column {
  std::string_view title;
  std::size_t width;
  int rank;
  Kind kind;
  bool of_processes, of_groups;
  std::optional<Order> order;  // by which rows are ordered by it
  Cell (*cell)(const RowView& row);
};

// clang-format off: a table reads best with a row on a line
const std::array kColumns = std::to_array<Column>({
    {"PID", 7, 0, Kind::number, true, false, {}, [](const RowView& row) { return Cell{fmt::format("{}", row.pid), Tone::plain}; }},
    {"PROCS", 5, 0, Kind::number, false, true, {}, [](const RowView& row) { return Cell{fmt::format("{}", row.processes), Tone::plain}; }},
    {"USER", 8, 6, Kind::text, true, true, {}, [](const RowView& row) { return Cell{row.user, Tone::plain}; }},
    {"S", 1, 11, Kind::text, true, false, {}, state_cell},
    {"USED", 6, 1, Kind::number, true, true, Order::memory, used_cell},
    {"RESID", 6, 13, Kind::number, true, true, {}, [](const RowView& row) { return size_cell(as_double(row.resident_bytes)); }},
    {"SWAP", 6, 12, Kind::number, true, true, {}, [](const RowView& row) { return size_cell(as_double(row.swap_bytes)); }},
    {"GROW/m", 7, 3, Kind::number, true, true, Order::growth, growth_cell},
    {"FOR", 7, 9, Kind::number, true, true, Order::growth, for_cell},
    {"CPU", 5, 2, Kind::number, true, true, Order::cpu, cpu_cell},
    {"IO/s", 6, 4, Kind::number, true, true, Order::io, io_cell},
    {"ROOM", 6, 7, Kind::number, true, true, Order::headroom, [](const RowView& row) { return size_cell(as_double(row.headroom_bytes)); }},
    {"FULL IN", 7, 8, Kind::number, true, true, {}, full_cell},
    {"THR", 5, 10, Kind::number, true, true, {}, [](const RowView& row) { return Cell{fmt::format("{}", row.threads), Tone::plain}; }},
    {"GROUP", 16, 14, Kind::text, true, false, {}, [](const RowView& row) { return Cell{row.group, Tone::plain}; }},
    {"MINUTE", kTrailLeast, 5, Kind::trail, true, true, {}, nullptr},
});
// clang-format on

// "/usr/bin/python3 x.py" as "python3 x.py": what tells one program from another comes first.
std::string_view without_folders(std::string_view command) {
  if (!command.starts_with('/')) return command;
  const std::size_t slash = command.substr(0, command.find(' ')).rfind('/');
  return command.substr(slash + 1);
}

// Of the lines of its ancestors those next to the name, in so many columns.
std::string end_of_branch(std::string_view branch, std::size_t width) {
  std::size_t columns = run::display_width(branch);
  for (; columns > width && !branch.empty(); --columns)
    branch.remove_prefix(std::max<std::size_t>(utf8_length(branch), 1));
  return std::string(branch);
}

std::string_view glyph(std::size_t level, bool utf8) {
  constexpr std::array<std::string_view, 9> kBlocks = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::string_view kAscii = " .:-=+*#@";
  return utf8 ? kBlocks[level] : kAscii.substr(level, 1);
}

}  // namespace

std::string short_bytes(double bytes) {
  constexpr std::string_view kUnits = "BKMGTPE";
  std::size_t unit = 0;
  double shown = std::abs(bytes);
  while (shown >= 999.5 && unit + 1 < kUnits.size()) {
    shown /= 1024;
    ++unit;
  }
  if (unit == 0 && shown < 0.5) return "0";
  const int decimals = unit == 0 || shown >= 99.95 ? 0 : shown >= 9.995 ? 1 : 2;
  return fmt::format("{}{:.{}f}{}", bytes < 0 ? "-" : "", shown, decimals, kUnits[unit]);
}

std::string sparkline(const Trail& trail, Order order, std::chrono::nanoseconds now, std::size_t width,
                      bool utf8) {
  if (width == 0) return {};
  constexpr double kSpanSeconds = 60;
  const bool of_cpu = order == Order::cpu;
  std::vector<std::optional<double>> cells(width);
  std::optional<double> least, greatest;
  for (const TrailPoint& point : trail) {
    const double value = of_cpu ? point.cpu_cores : point.used_bytes;
    const double ago = std::chrono::duration<double>(now - point.at).count() / kSpanSeconds;
    const auto from_end = static_cast<std::size_t>(std::max(0.0, ago) * static_cast<double>(width));
    if (from_end >= width) continue;
    auto& cell = cells[width - 1 - from_end];
    cell = std::max(cell.value_or(value), value);
    least = std::min(least.value_or(value), value);
    greatest = std::max(greatest.value_or(value), value);
  }
  if (!greatest) return std::string(width, ' ');
  // Of memory the change is what one looks for, but not that of a thousandth; of processor time the share of
  // a core.
  const double range = of_cpu ? std::max(1.0, *greatest) : std::max(*greatest - *least, *greatest / 10);
  const double bottom = of_cpu ? 0 : *least - (range - (*greatest - *least)) / 2;
  std::string text;
  std::optional<double> last;  // held where no reading falls into the time of a character
  for (const auto& cell : cells) {
    if (cell) last = cell;
    if (!last || range <= 0) {
      text += ' ';
      continue;
    }
    const double ratio = (*last - bottom) / range;
    const bool is_nothing = of_cpu && *last < kFaintCores;
    text += glyph(
        is_nothing ? 0 : static_cast<std::size_t>(std::clamp(1 + std::floor(ratio * 7.99), 1.0, 8.0)), utf8);
  }
  return text;
}

void add_bar(TextLine& line, std::span<const BarPart> parts, std::size_t width, bool utf8) {
  line.add("[", Tone::faint);
  double sum = 0;
  std::size_t drawn = 0;
  for (const BarPart& part : parts) {
    sum += std::max(0.0, part.ratio);
    const auto until =
        std::min(width, static_cast<std::size_t>(std::lround(sum * static_cast<double>(width))));
    std::string text;
    for (; drawn < until; ++drawn) text += utf8 ? std::string("■") : std::string(1, part.letter);
    line.add(text, part.tone);
  }
  std::string rest;
  for (; drawn < width; ++drawn) rest += utf8 ? "·" : " ";
  line.add(rest, Tone::faint).add("]", Tone::faint);
}

RowColumns::RowColumns(const ColumnLook& look, std::size_t width)
    : look_(look), width_(width), trail_width_(kTrailLeast) {
  const auto is_ordering = [&](std::size_t i) { return kColumns[i].order == look.order; };
  for (std::size_t i = 0; i < kColumns.size(); ++i)
    if (look.shape == Shape::groups ? kColumns[i].of_groups : kColumns[i].of_processes) chosen_.push_back(i);
  const auto needed = [&] {
    std::size_t sum = kCommandLeast;
    for (const std::size_t i : chosen_) sum += kColumns[i].width + 1;
    return sum;
  };
  while (!chosen_.empty() && needed() > width) {
    const auto least = std::ranges::max_element(
        chosen_, {}, [&](std::size_t i) { return is_ordering(i) ? -1 : kColumns[i].rank; });
    chosen_.erase(least);
  }
  // A third of what is to spare is the sparkline's.
  if (width > needed()) trail_width_ = std::min(kTrailMost, kTrailLeast + (width - needed()) / 3);
}

TextLine RowColumns::title() const {
  TextLine line(width_);
  for (const std::size_t i : chosen_) {
    const Column& column = kColumns[i];
    const std::size_t width = column.kind == Kind::trail ? trail_width_ : column.width;
    const bool is_ordering = column.order == look_.order;
    const std::string_view title = column.kind != Kind::trail  ? column.title
                                   : look_.order == Order::cpu ? std::string_view("CPU 1m")
                                                               : std::string_view("USED 1m");
    line.add(run::padded(title, width, column.kind == Kind::number), is_ordering ? Tone::bold : Tone::title);
    line.add(" ", Tone::title);
  }
  line.add(look_.shape == Shape::groups ? "GROUP" : "COMMAND", Tone::title).fill(Tone::title);
  return line;
}

TextLine RowColumns::line(const ListedRow& listed) const {
  const RowView& row = *listed.row;
  TextLine line(width_);
  for (const std::size_t i : chosen_) {
    const Column& column = kColumns[i];
    if (column.kind == Kind::trail) {
      const std::string trail = row.trail != nullptr
                                    ? sparkline(*row.trail, look_.order, look_.now, trail_width_, look_.utf8)
                                    : std::string(trail_width_, ' ');
      line.add(trail, Tone::good).add(" ");
      continue;
    }
    const Cell cell = column.cell(row);
    line.add(
        run::padded(run::cut_to_width(cell.text, column.width), column.width, column.kind == Kind::number),
        cell.tone);
    line.add(" ");
  }
  line.add(end_of_branch(listed.branch, line.left() / 2), Tone::faint);
  line.add(without_folders(row.command));
  return line;
}

}  // namespace ullage::top
