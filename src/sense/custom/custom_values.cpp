// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/custom_values.h"

#include <string>
#include <utility>

#include "metric/series.h"
#include "sense/custom/line_protocol.h"
#include "sense/custom/relabel.h"

namespace ullage::sense {

void CustomValues::set(const GaugeLine& gauge, metric::SeriesTable& table) {
  if (double* value = value_of("ullage_run_custom_gauge", gauge.name, gauge.labels, table))
    *value = gauge.value;
}

void CustomValues::add(const CounterLine& counter, metric::SeriesTable& table) {
  if (double* value = value_of("ullage_run_custom_counter", counter.name, counter.labels, table))
    *value += counter.increment;
}

void CustomValues::add_to(metric::Tick& tick) const {
  for (const auto& [series, value] : values_) tick.add(series, value);
}

double* CustomValues::value_of(const char* series, const std::string& name, const metric::Labels& labels,
                               metric::SeriesTable& table) {
  metric::SeriesKey key{series, labels};
  set_label(key.labels, "name", name);
  const std::string text = key.text();
  const auto known = ids_.find(text);
  if (known != ids_.end()) return &values_[known->second];
  if (ids_.size() >= series_limit_) {
    ++dropped_;
    return nullptr;
  }
  const metric::SeriesId id = table.id(key.name, std::move(key.labels));
  ids_.emplace(text, id);
  return &values_[id];
}

}  // namespace ullage::sense
