// SPDX-License-Identifier: Apache-2.0
// What stands on the screen for a width and a height: the machine above, processes or groups below, the keys
// in the last line. Lines of text with tones; terminal_screen.h draws them, `--once` prints them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "run/style.h"
#include "top/machine_view.h"
#include "top/text_line.h"
#include "top/view_state.h"

namespace ullage::top {

struct ScreenSize {
  std::size_t width = 80, height = 24;
};

struct Screen {
  std::vector<TextLine> lines;  // at most the height
  std::size_t page_rows = 0;    // how many processes or groups it has room for
  std::size_t total_rows = 0;   // and how many there are to show
};

Screen screen_of(const MachineView& view, const ViewState& state, ScreenSize size);

// For a page that is printed: no keys, and at most so many rows.
std::vector<TextLine> page_of(const MachineView& view, const RowChoice& choice, std::size_t width,
                              std::size_t rows_most);

// Lines, each ended, without blanks at its end.
std::string text_of(const std::vector<TextLine>& lines, const run::Style& style);

}  // namespace ullage::top
