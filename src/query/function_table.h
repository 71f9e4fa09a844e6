// SPDX-License-Identifier: Apache-2.0
// The functions that a query may call: Prometheus 3's, and those that are passed to the constructor. A parsed
// query points into its table, which must outlive it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/function.h"

namespace ullage::query {

class FunctionTable {
 public:
  // An extra function of a built-in's name takes its place.
  explicit FunctionTable(std::span<const Function> extra = {});
  FunctionTable(const FunctionTable&) = delete;
  FunctionTable& operator=(const FunctionTable&) = delete;

  const Function* find(std::string_view name) const;
  std::span<const Function> functions() const { return functions_; }  // by name

 private:
  std::vector<Function> functions_;
};

std::span<const Function> built_in_functions();
// What Prometheus has and Ullage has not: "native histograms", "the experimental function info()"; empty for
// every other name.
std::string_view unsupported_function(std::string_view name);

}  // namespace ullage::query
