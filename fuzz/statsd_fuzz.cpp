// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a StatsD client sends. Whatever is understood is bounded and has legal names.
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "metric/exposition.h"
#include "metric/series.h"
#include "sense/custom/pushed_values.h"
#include "sense/custom/statsd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto line = ullage::sense::parse_statsd(text); line && !line->samples.empty()) {
    ullage::check(ullage::metric::is_legacy_name(line->key.name, false), "a name is legal");
    for (const ullage::metric::Label& label : line->key.labels)
      ullage::check(ullage::metric::is_legacy_name(label.name, false) && !label.value.empty(),
                    "a label is legal");
    for (const ullage::sense::StatsdSample& sample : line->samples)
      ullage::check(std::isfinite(sample.value) && sample.weight >= 1, "a value is a number");
  }
  ullage::sense::PushedValues values(3);
  values.take_all(text, std::chrono::nanoseconds(1));
  const auto& counts = values.counts();
  ullage::check(counts.lines + counts.bad_lines <= size, "a line has a byte at least");
  return 0;
}
