// SPDX-License-Identifier: Apache-2.0
#include "metric/series.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "metric/exposition.h"

namespace ullage::metric {

std::string SeriesKey::text() const {
  if (labels.empty()) return name;
  std::string out = name + '{';
  for (const Label& label : labels) {
    if (out.back() != '{') out += ',';
    out += label.name + '=';
    append_quoted(out, label.value);
  }
  return out + '}';
}

std::string_view SeriesKey::label(std::string_view wanted) const {
  for (const Label& label : labels)
    if (label.name == wanted) return label.value;
  return {};
}

SeriesId SeriesTable::id(std::string_view name, Labels labels) {
  std::ranges::sort(labels);
  SeriesKey key{std::string(name), std::move(labels)};
  const SeriesId next = free_.empty() ? size() : free_.back();
  const auto [found, is_new] = ids_.try_emplace(key.text(), next);
  if (!is_new) return found->second;
  if (free_.empty()) {
    keys_.push_back(std::move(key));
  } else {
    free_.pop_back();
    keys_[next] = std::move(key);
  }
  return next;
}

void SeriesTable::forget(SeriesId id) {
  ids_.erase(keys_[id].text());
  keys_[id] = {};
  free_.push_back(id);
}

}  // namespace ullage::metric
