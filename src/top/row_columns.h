// SPDX-License-Identifier: Apache-2.0
// The columns of the list of processes and groups: which of them a width has room for, and what stands in
// each. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "top/machine_view.h"
#include "top/row_list.h"
#include "top/text_line.h"

namespace ullage::top {

struct ColumnLook {
  Order order = Order::memory;
  Shape shape = Shape::list;
  bool utf8 = true;
  std::chrono::nanoseconds now{0};  // of the newest reading
};

// The command is the last and has what the others leave. The column that the rows are ordered by is always
// there.
class RowColumns {
 public:
  RowColumns(const ColumnLook& look, std::size_t width);
  TextLine title() const;
  TextLine line(const ListedRow& row) const;

 private:
  ColumnLook look_;
  std::size_t width_;
  std::vector<std::size_t> chosen_;  // places in the table of columns
  std::size_t trail_width_;
};

// Sizes in five columns at most: "312M", "1.50G".
std::string short_bytes(double bytes);
// A minute as `width` characters, each the greatest of its time; blank where nothing is known.
std::string sparkline(const Trail& trail, Order order, std::chrono::nanoseconds now, std::size_t width,
                      bool utf8);
// [#####···] with the parts in their own letters or tones.
struct BarPart {
  double ratio;  // of the whole
  char letter;   // where there is no UTF-8
  Tone tone;
};
void add_bar(TextLine& line, std::span<const BarPart> parts, std::size_t width, bool utf8);

}  // namespace ullage::top
