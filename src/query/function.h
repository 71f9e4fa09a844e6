// SPDX-License-Identifier: Apache-2.0
// The functions of PromQL by name: what the parser needs to check a call, and what the evaluator needs to do
// it. Other layers pass tables of their own functions to the engine's constructor.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "query/ast.h"

namespace ullage::query {

// The parser's half; the evaluator's half (how to compute it) is added beside it.
struct Function {
  std::string_view name;
  std::vector<ValueType> arguments;
  int variadic = 0;  // the last may be left out or stand up to so many times; -1: any number of times
  ValueType result = ValueType::vector;
};

}  // namespace ullage::query
