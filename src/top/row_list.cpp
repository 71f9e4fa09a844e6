// SPDX-License-Identifier: Apache-2.0
#include "top/row_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "top/machine_view.h"

namespace ullage::top {

namespace {

constexpr std::array<std::string_view, 5> kOrders = {"memory", "growth", "cpu", "io", "headroom"};

// A tree that is deeper is drawn no further to the right: a chain of forks can be thousands long.
constexpr std::size_t kBranchesMost = 24;

// More is more to look at.
double weight(const RowView& row, Order order) {
  constexpr double kLeast = std::numeric_limits<double>::lowest();
  switch (order) {
    case Order::memory:
      return static_cast<double>(row.used_bytes);
    case Order::growth:
      return row.growth_bytes_per_minute.value_or(kLeast);
    case Order::cpu:
      return row.cpu_cores;
    case Order::io:
      return row.io_per_second();
    case Order::headroom:
      return row.headroom_bytes ? -static_cast<double>(*row.headroom_bytes) : kLeast;
  }
  return 0;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, lower, lower).empty() || part.empty();
}

bool matches(const RowView& row, std::string_view filter) {
  if (filter.empty() || (row.pid != 0 && filter == fmt::format("{}", row.pid))) return true;
  const bool tells_command = !row.is_own && has(row.command, filter);
  return tells_command || has(row.name, filter) || has(row.user, filter) || has(row.group, filter) ||
         has(row.unit, filter);
}

// First what weighs most, then what is larger, then as they come (by pid, or by name).
struct Rank {
  double minus_weight, minus_used;
  const RowView* row;
  auto operator<=>(const Rank&) const = default;
};
Rank rank_of(const RowView& row, Order order) {
  return {-weight(row, order), -static_cast<double>(row.used_bytes), &row};
}

std::vector<ListedRow> flat(std::span<const RowView> rows, const RowChoice& choice) {
  std::vector<ListedRow> listed;
  for (const RowView& row : rows)
    if (matches(row, choice.filter)) listed.push_back({&row, {}});
  std::ranges::sort(listed, {}, [&](const ListedRow& entry) { return rank_of(*entry.row, choice.order); });
  return listed;
}

// Parents before children, children by what they and theirs weigh. Without recursion: chains may be long.
class Tree {
 public:
  Tree(std::span<const RowView> rows, const RowChoice& choice) : rows_(rows), choice_(choice) {
    std::unordered_map<std::int64_t, std::size_t> places;
    for (std::size_t i = 0; i < rows.size(); ++i) places[rows[i].pid] = i;
    nodes_.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto parent = places.find(rows[i].parent_pid);
      const bool is_known = parent != places.end() && parent->second != i;
      if (is_known) nodes_[parent->second].children.push_back(i);
      nodes_[i].is_root = !is_known;
    }
  }

  std::vector<ListedRow> list() {
    std::vector<std::size_t> roots;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].is_root) roots.push_back(i);
    for (const std::size_t root : roots) add_order(root);
    // Pids may have been given anew while they were read: a ring of parents has no root.
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (!nodes_[i].is_reached) {
        roots.push_back(i);
        add_order(i);
      }
    sum_up();
    sort(roots);
    std::vector<ListedRow> listed;
    struct Step {
      std::size_t node;
      std::string before;  // the lines of its ancestors
      enum class Place : unsigned char { root, between, last } place;
    };
    std::vector<Step> steps;
    const auto push = [&](std::vector<std::size_t>& nodes, const std::string& before, bool are_roots) {
      std::erase_if(nodes, [&](std::size_t node) { return !nodes_[node].is_shown; });
      for (std::size_t i = nodes.size(); i-- > 0;)
        steps.push_back({nodes[i], before,
                         are_roots               ? Step::Place::root
                         : i + 1 == nodes.size() ? Step::Place::last
                                                 : Step::Place::between});
    };
    push(roots, "", true);
    while (!steps.empty()) {
      const Step step = std::move(steps.back());
      steps.pop_back();
      const bool is_last = step.place == Step::Place::last, is_root = step.place == Step::Place::root;
      const std::string own = is_root ? "" : branch(is_last ? "└ " : "├ ", is_last ? "` " : "+ ");
      listed.push_back({&rows_[step.node], step.before + own});
      std::string below = step.before;
      if (!is_root && ++nodes_[step.node].depth < kBranchesMost)
        below += branch(is_last ? "  " : "│ ", is_last ? "  " : "| ");
      for (const std::size_t child : nodes_[step.node].children)
        nodes_[child].depth = nodes_[step.node].depth;
      sort(nodes_[step.node].children);
      push(nodes_[step.node].children, below, false);
    }
    return listed;
  }

 private:
  struct Node {
    std::vector<std::size_t> children;
    bool is_root = false, is_reached = false, is_shown = false;
    std::size_t depth = 0;
    double weight = 0, used = 0;  // of all below, itself included
  };

  std::string branch(std::string_view utf8, std::string_view ascii) const {
    return std::string(choice_.utf8 ? utf8 : ascii);
  }
  // All below the root, parents before children, to the order; a child that was reached already is cut off.
  void add_order(std::size_t root) {
    nodes_[root].is_reached = true;
    std::size_t next = order_.size();
    order_.push_back(root);
    for (; next < order_.size(); ++next) {
      auto& children = nodes_[order_[next]].children;
      std::erase_if(children, [&](std::size_t child) { return nodes_[child].is_reached; });
      for (const std::size_t child : children) {
        nodes_[child].is_reached = true;
        order_.push_back(child);
      }
    }
  }
  void sum_up() {
    for (std::size_t i = order_.size(); i-- > 0;) {
      Node& node = nodes_[order_[i]];
      const RowView& row = rows_[order_[i]];
      node.weight = weight(row, choice_.order);
      node.used = static_cast<double>(row.used_bytes);
      node.is_shown = matches(row, choice_.filter);
      for (const std::size_t child : node.children) {
        node.used += nodes_[child].used;
        node.is_shown |= nodes_[child].is_shown;
        node.weight = together(node.weight, nodes_[child].weight);
      }
    }
  }
  // Of headroom and growth the most pressing; of what is used the sum.
  double together(double a, double b) const {
    const bool is_sum =
        choice_.order == Order::memory || choice_.order == Order::cpu || choice_.order == Order::io;
    return is_sum ? a + b : std::max(a, b);
  }
  void sort(std::vector<std::size_t>& nodes) const {
    std::ranges::sort(nodes, {},
                      [&](std::size_t i) { return Rank{-nodes_[i].weight, -nodes_[i].used, &rows_[i]}; });
  }

  std::span<const RowView> rows_;
  const RowChoice& choice_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> order_;
};

}  // namespace

std::string_view to_string(Order order) { return kOrders[static_cast<std::size_t>(order)]; }

std::string_view to_string(Shape shape) {
  switch (shape) {
    case Shape::list:
      return "list";
    case Shape::tree:
      return "tree";
    case Shape::groups:
      return "groups";
  }
  return {};
}

Result<Order> parse_order(std::string_view text) {
  const auto found = std::ranges::find(kOrders, text);
  if (found != kOrders.end()) return static_cast<Order>(found - kOrders.begin());
  std::string hint = did_you_mean(text, kOrders);
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(kOrders, ", "));
  return fail("'" + printable(text) + "' is not an order", {}, std::move(hint));
}

std::vector<ListedRow> listed_rows(const MachineView& view, const RowChoice& choice) {
  switch (choice.shape) {
    case Shape::list:
      return flat(view.processes(), choice);
    case Shape::groups:
      return flat(view.groups(), choice);
    case Shape::tree:
      return Tree(view.processes(), choice).list();
  }
  return {};
}

}  // namespace ullage::top
