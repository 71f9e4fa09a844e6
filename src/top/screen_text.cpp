// SPDX-License-Identifier: Apache-2.0
#include "top/screen_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "run/style.h"
#include "run/table.h"
#include "top/host_lines.h"
#include "top/machine_view.h"
#include "top/row_columns.h"
#include "top/row_list.h"
#include "top/text_line.h"
#include "top/view_state.h"

namespace ullage::top {

namespace {

struct HelpLine {
  std::string_view key, text;
};
constexpr std::array kHelp = std::to_array<HelpLine>({
    {"m g c i h", "order by memory used, growth, CPU, storage I/O, room left"},
    {"t", "processes as a tree, each with what it has started"},
    {"G", "groups: services, containers, programs of a user"},
    {"/", "show only what has this in its command, user or group; or a pid"},
    {"arrows", "scroll; also Page Up, Page Down, Home, End; Escape ends the filter"},
    {"p", "pause"},
    {"q", "quit"},
    {"", ""},
    {"USED", "memory that cannot be reclaimed; shared pages divided, or it is ≤"},
    {"GROW/m", "what USED gains in a minute, by the trend of the last minutes"},
    {"FOR", "how long it has grown by that without a pause"},
    {"CPU", "cores in use: 1.00 is one core"},
    {"IO/s", "read from and written to storage; not told of others' processes"},
    {"ROOM", "left under the tightest limit, of its cgroups or of the machine"},
    {"FULL IN", "when the growth will have used that up"},
    {"1m", "the last minute, of USED or, ordered by it, of CPU"},
    {"stall", "share of the time in which some work had to wait for it (PSI)"},
});

std::vector<TextLine> help_lines(std::size_t width) {
  std::vector<TextLine> lines;
  for (const HelpLine& help : kHelp) {
    TextLine line(width);
    line.add("  ").add(run::padded(help.key, 10), Tone::bold).add("  ").add(help.text);
    lines.push_back(std::move(line));
  }
  return lines;
}

constexpr std::size_t kRoomyWidth = 90;

// The keys, those of what is chosen in bold; while a filter is typed that, with what stands in it.
TextLine bottom_line(const ViewState& state, std::size_t first, std::size_t shown, std::size_t total,
                     std::size_t width) {
  TextLine line(width);
  if (state.shows_help) return line.add(" any key closes this", Tone::title).fill(Tone::title);
  const std::string count = total == 0 ? "none" : fmt::format("{}-{} of {}", first + 1, first + shown, total);
  if (state.is_typing) {
    line.add("/", Tone::bold).add(state.choice.filter).add(state.choice.utf8 ? "▏" : "_", Tone::bold);
    return line.add("  ").add_whole("Enter keeps it, Escape ends it   " + count, Tone::faint);
  }
  const std::string_view gap = width < kRoomyWidth ? " " : "  ";
  const auto key = [&](std::string_view letter, std::string_view word, bool is_chosen) {
    if (line.left() < letter.size() + word.size() + 1) return;
    line.add(letter, Tone::bold).add(" ").add(word, is_chosen ? Tone::bold : Tone::faint).add(gap);
  };
  const RowChoice& choice = state.choice;
  key("m", "used", choice.order == Order::memory);
  key("g", "growth", choice.order == Order::growth);
  key("c", "cpu", choice.order == Order::cpu);
  key("i", "io", choice.order == Order::io);
  key("h", "room", choice.order == Order::headroom);
  key("t", "tree", choice.shape == Shape::tree);
  key("G", "groups", choice.shape == Shape::groups);
  key("/", choice.filter.empty() ? "filter" : choice.filter, !choice.filter.empty());
  key("?", "help", false);
  key("q", "quit", false);
  if (state.is_paused) line.add_whole("paused  ", Tone::warn);
  if (line.left() > count.size()) line.gap_to(width - count.size()).add(count, Tone::faint);
  return line;
}

// The machine, and its runs where they are known and there are any.
std::vector<TextLine> lines_above(const MachineView& view, std::size_t width, bool utf8) {
  std::vector<TextLine> lines = host_lines(view.host(), width, utf8);
  if (view.daemon() && !view.daemon()->runs.empty()) lines.push_back(runs_line(view.daemon()->runs, width));
  return lines;
}

RowColumns columns_of(const MachineView& view, const RowChoice& choice, std::size_t width) {
  return {{.order = choice.order, .shape = choice.shape, .utf8 = choice.utf8, .now = view.at()}, width};
}

std::string_view escape_code(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return {};
    case Tone::faint:
      return "2";
    case Tone::bold:
      return "1";
    case Tone::good:
      return "32";
    case Tone::warn:
      return "33";
    case Tone::bad:
      return "31";
    case Tone::title:
      return "7";
  }
  return {};
}

Screen screen_in_utf8(const MachineView& view, const ViewState& state, ScreenSize size) {
  Screen screen;
  screen.lines = lines_above(view, size.width, state.choice.utf8);
  const RowColumns columns = columns_of(view, state.choice, size.width);
  screen.lines.push_back(columns.title());
  const std::size_t taken = screen.lines.size() + 1;
  screen.page_rows = size.height > taken ? size.height - taken : 0;
  const auto rows = listed_rows(view, state.choice);
  screen.total_rows = rows.size();
  const std::size_t last = rows.size() > screen.page_rows ? rows.size() - screen.page_rows : 0;
  const std::size_t first = std::min(state.first_row, last);
  const std::size_t shown = std::min(screen.page_rows, rows.size() - first);
  if (state.shows_help) {
    screen.lines.pop_back();
    for (TextLine& line : help_lines(size.width)) screen.lines.push_back(std::move(line));
  } else {
    for (std::size_t i = 0; i < shown; ++i) screen.lines.push_back(columns.line(rows[first + i]));
  }
  const std::size_t above = size.height > 0 ? size.height - 1 : 0;
  screen.lines.resize(above, TextLine(size.width));
  if (size.height > 0) screen.lines.push_back(bottom_line(state, first, shown, rows.size(), size.width));
  return screen;
}

std::vector<TextLine> page_in_utf8(const MachineView& view, const RowChoice& choice, std::size_t width,
                                   std::size_t rows_most) {
  std::vector<TextLine> lines = lines_above(view, width, choice.utf8);
  const RowColumns columns = columns_of(view, choice, width);
  lines.push_back(columns.title());
  const auto rows = listed_rows(view, choice);
  for (std::size_t i = 0; i < std::min(rows.size(), rows_most); ++i) lines.push_back(columns.line(rows[i]));
  if (rows.size() > rows_most) {
    TextLine rest(width);
    lines.push_back(rest.add(fmt::format("and {} more", rows.size() - rows_most), Tone::faint));
  }
  return lines;
}

std::vector<TextLine> in_letters_of(bool utf8, std::vector<TextLine> lines) {
  if (!utf8)
    for (TextLine& line : lines) line = line.in_ascii();
  return lines;
}

}  // namespace

Screen screen_of(const MachineView& view, const ViewState& state, ScreenSize size) {
  Screen screen = screen_in_utf8(view, state, size);
  screen.lines = in_letters_of(state.choice.utf8, std::move(screen.lines));
  return screen;
}

std::vector<TextLine> page_of(const MachineView& view, const RowChoice& choice, std::size_t width,
                              std::size_t rows_most) {
  return in_letters_of(choice.utf8, page_in_utf8(view, choice, width, rows_most));
}

std::string text_of(const std::vector<TextLine>& lines, const run::Style& style) {
  std::string text;
  for (const TextLine& line : lines) {
    std::string shown;
    for (const TextLine::Piece& piece : line.pieces()) {
      const std::string_view code = escape_code(piece.tone);
      shown += code.empty() ? piece.text : style.painted(code, piece.text);
    }
    text.append(shown, 0, shown.find_last_not_of(' ') + 1).append(1, '\n');
  }
  return text;
}

}  // namespace ullage::top
