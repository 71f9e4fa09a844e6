// SPDX-License-Identifier: Apache-2.0
// Any bytes as a test script: parsing it, and every query that it asks of the data it loads, ends within
// small limits.
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "query/engine.h"
#include "query/script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ullage::query;
  static const Engine engine({.limits = {.samples_max = 100'000,
                                         .series_max = 1'000,
                                         .steps_max = 1'000,
                                         .bytes_max = 16u << 20,
                                         .depth_max = 50,
                                         .regex_bytes_max = 100}});
  const ScriptReport report = run_script({reinterpret_cast<const char*>(data), size}, engine);
  ullage::check(report.failed == report.failures.size(), "each failure is told");
  return 0;
}
