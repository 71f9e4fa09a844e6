// SPDX-License-Identifier: Apache-2.0
// A gate of `diff --fail-on`: PATH, '>' or '<', then a change with a sign ("+5%", "-200ms", "+64M"), or a
// bound on the second run's own value without one ("4G"). Parsing is pure and takes any bytes
// (fuzz/fail_on_fuzz.cpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "run/leaves.h"

namespace ullage::run {

struct FailOn {
  enum class Kind { change, change_ratio, value };
  std::string text;  // as typed
  std::string path;
  bool greater = true;  // '>'
  Kind kind = Kind::change;
  double amount = 0;  // in the path's unit, signed; a ratio for change_ratio
};

// The error points at the place: the expression, and a caret below.
Result<FailOn> parse_fail_on(std::string_view text);

struct GateResult {
  std::string expression;
  bool crossed = false;
  std::string text;  // "memory.peak_bytes went from 1.00 GiB to 1.20 GiB (+20 %): more than +5 %"
};
// An error when neither run has a figure of that name. A figure that only one of them has crosses: what was
// to be guarded can no longer be seen. One that both lack does not, and is said.
Result<GateResult> judge(const FailOn& gate, const std::vector<Leaf>& before, const std::vector<Leaf>& after);

}  // namespace ullage::run
