// SPDX-License-Identifier: Apache-2.0
#include "history/store/dictionary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "history/matching.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

enum Answer : unsigned char { unasked, yes, no };

}  // namespace

Dictionary::Symbol Dictionary::symbol(std::string_view text) {
  if (const auto known = by_text_.find(text); known != by_text_.end()) return known->second;
  const auto made = static_cast<Symbol>(symbols_.size());
  by_text_.emplace(symbols_.emplace_back(text), made);
  return made;
}

void Dictionary::add(const metric::SeriesKey& key) {
  begins_.push_back(static_cast<std::uint32_t>(pairs_.size()));
  pairs_.push_back({0, symbol(key.name)});
  for (const metric::Label& label : key.labels) pairs_.push_back({symbol(label.name), symbol(label.value)});
}

void Dictionary::add_unknown(std::size_t count) {
  begins_.insert(begins_.end(), count, static_cast<std::uint32_t>(pairs_.size()));
}

std::span<const Dictionary::Pair> Dictionary::pairs(std::size_t id) const {
  const std::size_t end = id + 1 < begins_.size() ? begins_[id + 1] : pairs_.size();
  return std::span(pairs_).subspan(begins_[id], end - begins_[id]);
}

const Dictionary::Index& Dictionary::index_of(Symbol label) const {
  Index& index = indexes_[label];
  if (index.series * 8 >= size() * 7) return index;
  for (std::size_t id = index.series; id < size(); ++id)
    for (const Pair& pair : pairs(id))
      if (pair.label == label) index.entries.push_back({pair.value, static_cast<metric::SeriesId>(id)});
  std::ranges::sort(index.entries);
  index.series = size();
  return index;
}

std::vector<metric::SeriesId> Dictionary::candidates(const Matching& matching) const {
  std::span<const Index::Entry> fewest;
  std::optional<std::size_t> from;  // and all from here on
  for (std::size_t i = 0; i < matching.size(); ++i) {
    const auto wanted = matching.wanted_value(i);
    if (!wanted) continue;
    const bool is_name = matching.label(i) == "__name__";
    const auto label = by_text_.find(is_name ? std::string_view() : std::string_view(matching.label(i)));
    const auto value = by_text_.find(*wanted);
    if (label == by_text_.end() || value == by_text_.end()) return {};
    const Index& index = index_of(label->second);
    const auto same = std::ranges::equal_range(index.entries, value->second, {}, &Index::Entry::value);
    if (from && same.size() + size() - index.series >= fewest.size() + size() - *from) continue;
    fewest = {same.begin(), same.end()};
    from = index.series;
  }
  std::vector<metric::SeriesId> ids;
  ids.reserve(fewest.size() + size() - from.value_or(0));
  for (const Index::Entry& entry : fewest) ids.push_back(entry.id);
  for (std::size_t id = from.value_or(0); id < size(); ++id) ids.push_back(static_cast<metric::SeriesId>(id));
  return ids;
}

std::vector<metric::SeriesId> Dictionary::matching(const Matching& matching) const {
  struct Asked {
    std::optional<Symbol> label;  // none: no series of this file has it
    std::vector<Answer> answers;  // by value
  };
  std::vector<Asked> asked(matching.size());
  for (std::size_t i = 0; i < matching.size(); ++i) {
    const auto label = by_text_.find(matching.label(i));
    if (matching.label(i) == "__name__")
      asked[i].label = 0;
    else if (label != by_text_.end() && label->second != 0)
      asked[i].label = label->second;
    asked[i].answers.resize(symbols_.size(), unasked);
  }
  std::vector<metric::SeriesId> found;
  for (const metric::SeriesId id : candidates(matching)) {
    const std::span<const Pair> labels = pairs(id);
    bool all = !labels.empty();
    for (std::size_t i = 0; i < asked.size() && all; ++i) {
      Symbol value = 0;
      for (const Pair& pair : labels)
        if (asked[i].label == pair.label) value = pair.value;
      Answer& answer = asked[i].answers[value];
      if (answer == unasked) answer = matching.holds(i, symbols_[value]) ? yes : no;
      all = answer == yes;
    }
    if (all) found.push_back(id);
  }
  return found;
}

metric::SeriesKey Dictionary::key(metric::SeriesId id) const {
  metric::SeriesKey key;
  const std::span<const Pair> labels = pairs(id);
  if (labels.empty()) return key;
  key.name = symbols_[labels[0].value];
  for (const Pair& pair : labels.subspan(1))
    key.labels.push_back({symbols_[pair.label], symbols_[pair.value]});
  return key;
}

}  // namespace ullage::history
