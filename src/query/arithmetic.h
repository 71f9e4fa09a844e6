// SPDX-License-Identifier: Apache-2.0
// What the operators and a few functions do to numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.h"
#include "query/ast.h"

namespace ullage::query {

// The greater and the lesser as Go's math.Max and math.Min: an infinity of the right sign wins over NaN, NaN
// over all others.
inline double greatest(double a, double b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (a == kInfinity || b == kInfinity) return kInfinity;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
inline double least(double a, double b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (a == -kInfinity || b == -kInfinity) return -kInfinity;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && a == b) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}

inline bool is_comparison(Operator operation) {
  return operation >= Operator::equal && operation <= Operator::less_or_equal;
}
inline bool is_set_operator(Operator operation) { return operation >= Operator::and_; }

// Calls use(f) with f(left, right) of the operator: of a comparison, f is true or false.
template <class Use>
auto with_operation(Operator operation, Use use) {
  switch (operation) {
    case Operator::add:
      return use([](double a, double b) { return a + b; });
    case Operator::subtract:
      return use([](double a, double b) { return a - b; });
    case Operator::multiply:
      return use([](double a, double b) { return a * b; });
    case Operator::divide:
      return use([](double a, double b) { return a / b; });
    case Operator::modulo:
      return use([](double a, double b) { return std::fmod(a, b); });
    case Operator::power:
      return use([](double a, double b) { return std::pow(a, b); });
    case Operator::atan2:
      return use([](double a, double b) { return std::atan2(a, b); });
    case Operator::equal:
      return use([](double a, double b) { return a == b; });
    case Operator::not_equal:
      return use([](double a, double b) { return a != b; });
    case Operator::greater:
      return use([](double a, double b) { return a > b; });
    case Operator::less:
      return use([](double a, double b) { return a < b; });
    case Operator::greater_or_equal:
      return use([](double a, double b) { return a >= b; });
    case Operator::less_or_equal:
      return use([](double a, double b) { return a <= b; });
    case Operator::and_:
    case Operator::or_:
    case Operator::unless:
      break;
  }
  check(false, "set operators are no operations on numbers");
  return use([](double a, double) { return a; });
}

inline double scalar_operation(Operator operation, double left, double right) {
  return with_operation(operation, [&](auto f) { return static_cast<double>(f(left, right)); });
}

}  // namespace ullage::query
