// SPDX-License-Identifier: Apache-2.0
#include "history/merge.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

#include "history/block.h"
#include "metric/descriptor.h"

namespace ullage::history {

bool is_counter(std::string_view metric_name) {
  if (const metric::Descriptor* known = metric::find_descriptor(metric_name))
    return known->kind == metric::Kind::counter;
  constexpr std::string_view kEndings[] = {"_total", "_count", "_sum", "_bucket"};
  return std::ranges::any_of(kEndings,
                             [&](std::string_view ending) { return metric_name.ends_with(ending); });
}

double merge_gauge(std::span<const double> values) {
  double greatest = kAbsent;
  for (const double value : values) {
    if (is_absent(value)) continue;
    // An ordinary NaN is a value, but any number says more.
    if (is_absent(greatest) || value > greatest || (std::isnan(greatest) && !std::isnan(value)))
      greatest = value;
  }
  return greatest;
}

double merge_counter(std::span<const double> values) {
  for (std::size_t i = values.size(); i-- > 0;)
    if (!is_absent(values[i])) return values[i];
  return kAbsent;
}

}  // namespace ullage::history
