// SPDX-License-Identifier: Apache-2.0
#include "history/store/label_index.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "metric/series.h"

namespace ullage::history {

LabelIndex::LabelIndex(std::vector<Entry> entries, std::size_t size, std::span<const std::string_view> texts)
    : size_(size) {
  // A value's ids together and in order: counted first, as sorting texts is what costs.
  std::vector<std::size_t> count(texts.size());
  for (const Entry& entry : entries) ++count[entry.value];
  for (Symbol symbol = 0; symbol < texts.size(); ++symbol)
    if (count[symbol] > 0) values_.push_back({texts[symbol], symbol, 0});
  std::ranges::sort(values_, {}, &Value::text);
  std::vector<std::size_t> next(texts.size());
  std::size_t begin = 0;
  for (Value& value : values_) {
    value.begin = next[value.symbol] = begin;
    begin += count[value.symbol];
  }
  ids_.resize(entries.size());
  for (const Entry& entry : entries) ids_[next[entry.value]++] = entry.id;
}

std::pair<std::size_t, std::size_t> LabelIndex::positions(std::string_view first,
                                                          std::string_view last) const {
  const auto begin = std::ranges::lower_bound(values_, first, {}, &Value::text);
  const auto end = std::ranges::upper_bound(begin, values_.end(), last, {}, &Value::text);
  return {static_cast<std::size_t>(begin - values_.begin()), static_cast<std::size_t>(end - values_.begin())};
}

std::span<const metric::SeriesId> LabelIndex::ids(std::size_t begin, std::size_t end) const {
  const auto place = [this](std::size_t at) { return at < values_.size() ? values_[at].begin : ids_.size(); };
  return std::span(ids_).subspan(place(begin), place(std::max(begin, end)) - place(begin));
}

}  // namespace ullage::history
