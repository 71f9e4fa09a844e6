// SPDX-License-Identifier: Apache-2.0
// Several neighbouring values of one series as one, when ticks are thinned: a gauge keeps the greatest, so
// that peaks survive; a counter keeps the last. A value that is absent gives way to one that is not.
#pragma once

#include <span>
#include <string_view>

namespace ullage::history {

// By the descriptor's kind; an unknown name by its ending, as Prometheus has it (_total, _count, _sum,
// _bucket).
bool is_counter(std::string_view metric_name);

double merge_gauge(std::span<const double> values);
double merge_counter(std::span<const double> values);

}  // namespace ullage::history
