// SPDX-License-Identifier: Apache-2.0
// The expressions of `diff --fail-on`: any bytes either parse, to a finite amount that can be judged and
// said, or are refused with an error that has something to say.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "run/fail_on.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto gate = ullage::run::parse_fail_on(text);
  if (!gate) {
    ullage::check(!gate.error().text().empty(), "a refusal says why");
    return 0;
  }
  ullage::check(std::isfinite(gate->amount), "an amount is finite");
  ullage::check(!gate->path.empty(), "a figure has a name");
  const std::vector<ullage::run::Leaf> before = {{gate->path, ullage::run::unit_of_path(gate->path), 100.0}};
  const std::vector<ullage::run::Leaf> after = {{gate->path, ullage::run::unit_of_path(gate->path), 110.0}};
  ullage::check(ullage::run::judge(*gate, before, after).has_value(), "a known figure can be judged");
  return 0;
}
