// SPDX-License-Identifier: Apache-2.0
// The parts of an expression, for those who look for something anywhere in a tree.
#pragma once

#include <variant>

#include "query/ast.h"

namespace ullage::query {

// Calls visit(part) for each part right below, in the order written.
template <class Visit>
void each_child(const Expression& expression, Visit visit) {
  struct Parts {
    Visit& visit;
    void operator()(const NumberLiteral&) const {}
    void operator()(const StringLiteral&) const {}
    void operator()(const VectorSelector&) const {}
    void operator()(const MatrixSelector&) const {}
    void operator()(const Subquery& subquery) const { visit(*subquery.inner); }
    void operator()(const Call& call) const {
      for (const ExpressionPtr& argument : call.arguments) visit(*argument);
    }
    void operator()(const Aggregate& aggregate) const {
      if (aggregate.parameter) visit(*aggregate.parameter);
      visit(*aggregate.inner);
    }
    void operator()(const Unary& unary) const { visit(*unary.inner); }
    void operator()(const Binary& binary) const {
      visit(*binary.left);
      visit(*binary.right);
    }
    void operator()(const Parentheses& parentheses) const { visit(*parentheses.inner); }
  };
  std::visit(Parts{visit}, expression.node);
}

}  // namespace ullage::query
