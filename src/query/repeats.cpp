// SPDX-License-Identifier: Apache-2.0
#include "query/repeats.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/result.h"
#include "query/annotations.h"
#include "query/ast.h"
#include "query/children.h"
#include "query/matrix.h"
#include "query/printer.h"

namespace ullage::query {

namespace {

// What takes work: it reads samples somewhere below.
bool reads_samples(const Expression& expression) {
  if (std::holds_alternative<VectorSelector>(expression.node)) return true;
  if (std::holds_alternative<MatrixSelector>(expression.node)) return true;
  bool reads = false;
  each_child(expression, [&](const Expression& child) { reads = reads || reads_samples(child); });
  return reads;
}

// Printing a part is linear in its size, so that a deep query would take the square of it.
constexpr std::size_t kPartsMax = 200;

struct Size {
  std::size_t parts = 0, selectors = 0;
};
Size size_of(const Expression& expression) {
  Size size{1, std::holds_alternative<VectorSelector>(expression.node) ||
                       std::holds_alternative<MatrixSelector>(expression.node)
                   ? std::size_t{1}
                   : 0};
  each_child(expression, [&](const Expression& child) {
    const Size of_child = size_of(child);
    size.parts += of_child.parts;
    size.selectors += of_child.selectors;
  });
  return size;
}

}  // namespace

void Repeats::find(const Expression& query) {
  const Size size = size_of(query);
  if (size.parts > kPartsMax || size.selectors < 2) return;
  const auto count = [this](const auto& self, const Expression& part) -> void {
    const bool is_wrapped = std::holds_alternative<Parentheses>(part.node);
    if (part.type == ValueType::vector && !is_wrapped && reads_samples(part)) {
      std::string text = print(part);
      ++counts_[text];
      texts_[&part] = std::move(text);
    }
    each_child(part, [&](const Expression& child) { self(self, child); });
  };
  count(count, query);
  mark(query);
}

// Only the largest: what is within one is evaluated with it.
void Repeats::mark(const Expression& part) {
  if (const auto text = texts_.find(&part); text != texts_.end() && counts_[text->second] > 1) {
    const auto [id, is_new] = ids_.try_emplace(text->second, ids_.size());
    if (is_new) left_.push_back(0);
    ++left_[id->second];
    id_of_[&part] = id->second;
    return;
  }
  each_child(part, [this](const Expression& child) { mark(child); });
}

std::optional<Result<Matrix>> Repeats::take(const Expression& part, const Grid& grid,
                                            Annotations& annotations) {
  const std::size_t id = id_of_.at(&part);
  if (left_[id] > 0) --left_[id];
  const auto found = kept_.find(id);
  if (found == kept_.end() || !(found->second.grid == grid)) return std::nullopt;
  Kept& kept = found->second;
  annotations.add_moved(kept.said, kept.begin, part.span.begin);
  if (left_[id] > 0) return kept.matrix.copy();
  Result<Matrix> matrix = std::move(kept.matrix);
  kept_.erase(found);
  return matrix;
}

void Repeats::keep(const Expression& part, const Grid& grid, const Matrix& matrix, const Annotations& said) {
  const std::size_t id = id_of_.at(&part);
  if (left_[id] == 0) return;
  auto copy = matrix.copy();
  if (!copy) return;
  kept_.erase(id);
  kept_.emplace(id, Kept{grid, std::move(*copy), said, part.span.begin});
}

}  // namespace ullage::query
