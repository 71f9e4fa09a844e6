// SPDX-License-Identifier: Apache-2.0
// Which rows are shown and in which order: all of them by what one asks for, as a tree of parents and
// children, or by groups; and only those that a word picks. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "top/machine_view.h"

namespace ullage::top {

enum class Order : unsigned char { memory, growth, cpu, io, headroom };
enum class Shape : unsigned char { list, tree, groups };

std::string_view to_string(Order order);
std::string_view to_string(Shape shape);
Result<Order> parse_order(std::string_view text);

struct ListedRow {
  const RowView* row;  // the view's, valid until its next reading
  std::string branch;  // in a tree the lines before its name: "│ ├ ", or in ASCII "| + "
};

struct RowChoice {
  Order order = Order::memory;
  Shape shape = Shape::list;
  // A part of the command, the name, the user, the group or its unit, whatever the case; or the whole pid.
  std::string filter = {};
  bool utf8 = true;
};

// The greatest first; by headroom the least. In a tree siblings stand by the sum of what is below them, and
// the ancestors of what the filter picks stay.
std::vector<ListedRow> listed_rows(const MachineView& view, const RowChoice& choice);

}  // namespace ullage::top
