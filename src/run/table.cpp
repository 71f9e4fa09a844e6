// SPDX-License-Identifier: Apache-2.0
#include "run/table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "run/style.h"

namespace ullage::run {

namespace {

constexpr std::string_view kEllipsis = "…";
constexpr std::size_t kGap = 2;

// The next code point of valid UTF-8, taken off the front.
std::uint32_t take_code_point(std::string_view& rest, std::string_view& bytes) {
  const auto first = static_cast<unsigned char>(rest.front());
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  bytes = rest.substr(0, length);
  rest.remove_prefix(bytes.size());
  std::uint32_t point = length == 1 ? first : first & (0xFFu >> (length + 1));
  for (const char c : bytes.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return point;
}

// Unicode 15, EastAsianWidth.txt W and F in coarse ranges, and the combining and formatting marks that occur
// in names; a letter outside them is one column.
std::size_t width_of(std::uint32_t point) {
  constexpr auto kWide = std::to_array<std::pair<std::uint32_t, std::uint32_t>>({{0x1100, 0x115F},
                                                                                 {0x2E80, 0x303E},
                                                                                 {0x3041, 0xA4CF},
                                                                                 {0xAC00, 0xD7A3},
                                                                                 {0xF900, 0xFAFF},
                                                                                 {0xFE30, 0xFE6F},
                                                                                 {0xFF00, 0xFF60},
                                                                                 {0xFFE0, 0xFFE6},
                                                                                 {0x1F300, 0x1F64F},
                                                                                 {0x1F680, 0x1F6FF},
                                                                                 {0x1F900, 0x1F9FF},
                                                                                 {0x20000, 0x3FFFD}});
  constexpr auto kNone = std::to_array<std::pair<std::uint32_t, std::uint32_t>>({{0x0300, 0x036F},
                                                                                 {0x200B, 0x200F},
                                                                                 {0x202A, 0x202E},
                                                                                 {0x2060, 0x206F},
                                                                                 {0x20D0, 0x20FF},
                                                                                 {0xFE00, 0xFE0F}});
  const auto within = [point](const auto& range) { return point >= range.first && point <= range.second; };
  if (std::ranges::any_of(kNone, within)) return 0;
  return std::ranges::any_of(kWide, within) ? 2 : 1;
}

// Wider than the terminal: the columns that may shrink give way, the widest first.
void shrink(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t room) {
  const auto total = [&] {
    std::size_t sum = kGap * (widths.size() - 1);
    for (const std::size_t width : widths) sum += width;
    return sum;
  };
  while (total() > room) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::size_t least = std::max<std::size_t>(display_width(columns[i].title), 4);
      if (columns[i].may_shrink && widths[i] > least &&
          (widest == widths.size() || widths[i] > widths[widest]))
        widest = i;
    }
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

std::string cell_markdown(std::string_view bytes) {
  std::string out;
  for (const char c : printable(bytes)) {
    // What would end the cell or begin a tag, a link or code.
    if (std::string_view("|\\`<[*_").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  std::string_view bytes;
  while (!text.empty()) width += width_of(take_code_point(text, bytes));
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string out;
  std::size_t used = 1;  // the ellipsis
  std::string_view bytes;
  while (!text.empty()) {
    used += width_of(take_code_point(text, bytes));
    if (used > width) break;
    out += bytes;
  }
  return out.append(kEllipsis);
}

std::string padded(std::string_view text, std::size_t width, bool to_the_right) {
  const std::size_t have = display_width(text);
  const std::string fill(width > have ? width - have : 0, ' ');
  return to_the_right ? fill + std::string(text) : std::string(text) + fill;
}

std::string table_text(const Table& table, const Style& style, std::size_t width, std::string_view indent) {
  const std::size_t columns = table.columns.size();
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths(columns);
  for (std::size_t i = 0; i < columns; ++i) widths[i] = display_width(table.columns[i].title);
  for (const auto& row : table.rows) {
    cells.emplace_back();
    for (std::size_t i = 0; i < columns; ++i) {
      cells.back().push_back(printable(row[i]));
      widths[i] = std::max(widths[i], display_width(cells.back().back()));
    }
  }
  if (width > indent.size()) shrink(widths, table.columns, width - indent.size());
  const auto line = [&](const auto& cell) {
    std::string text(indent);
    for (std::size_t i = 0; i < columns; ++i)
      text += padded(cut_to_width(cell(i), widths[i]), widths[i], table.columns[i].to_the_right) +
              (i + 1 < columns ? std::string(kGap, ' ') : "");
    return text.substr(0, text.find_last_not_of(' ') + 1);
  };
  std::string out = style.faint(line([&](std::size_t i) { return table.columns[i].title; })) + '\n';
  for (const auto& row : cells) out += line([&](std::size_t i) { return row[i]; }) + '\n';
  return out;
}

std::string table_markdown(const Table& table) {
  std::string out = "|", rule = "|";
  for (const Column& column : table.columns) {
    out += ' ' + cell_markdown(column.title) + " |";
    rule += column.to_the_right ? " ---: |" : " --- |";
  }
  out += '\n' + rule + '\n';
  for (const auto& row : table.rows) {
    out += '|';
    for (const std::string& cell : row) out += ' ' + cell_markdown(cell) + " |";
    out += '\n';
  }
  return out;
}

}  // namespace ullage::run
