// SPDX-License-Identifier: Apache-2.0
// A table for a terminal: widths fitted to what is in it and to the terminal, numbers to the right, and
// text that may come from anywhere made harmless. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "run/style.h"

namespace ullage::run {

// Columns a terminal gives the text (it must be printable): wide East Asian letters take two, marks none.
std::size_t display_width(std::string_view text);
// The text, or as much of its front as fits with an ellipsis.
std::string cut_to_width(std::string_view text, std::size_t width);
std::string padded(std::string_view text, std::size_t width, bool to_the_right = false);

struct Column {
  std::string title;
  bool to_the_right = false;
  bool may_shrink = false;  // gives way, down to its title's width, when the table is too wide
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // cells of any bytes
};

// Lines, each ended; the width is what is to be kept to, 0 for any.
std::string table_text(const Table& table, const Style& style, std::size_t width,
                       std::string_view indent = "");
std::string table_markdown(const Table& table);

}  // namespace ullage::run
