// SPDX-License-Identifier: Apache-2.0
#include "history/store/dictionary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "history/matching.h"
#include "history/store/label_index.h"
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

std::optional<Dictionary::Symbol> Dictionary::label_symbol(const std::string& label) const {
  if (label == "__name__") return 0;
  const auto found = by_text_.find(label);
  if (found == by_text_.end() || found->second == 0) return std::nullopt;
  return found->second;
}

// The matchers, and what they have said about values.
class Dictionary::Question {
 public:
  // Of a few series it is less work to ask again than to make room for what every value was found to be.
  enum class Memory { none, of_values };
  Question(const Dictionary& dictionary, const Matching& matching, Memory memory)
      : dictionary_(dictionary), matching_(matching) {
    const std::size_t values = memory == Memory::none ? 0 : dictionary.symbols_.size();
    for (std::size_t i = 0; i < matching.size(); ++i)
      asked_.push_back({dictionary.label_symbol(matching.label(i)), std::vector<Answer>(values)});
  }
  bool holds_for(std::size_t id) {
    const std::span<const Pair> labels = dictionary_.pairs(id);
    bool all = !labels.empty();
    for (std::size_t i = 0; i < asked_.size() && all; ++i) {
      Symbol value = 0;
      for (const Pair& pair : labels)
        if (asked_[i].label == pair.label) value = pair.value;
      all =
          asked_[i].answers.empty() ? matching_.holds(i, dictionary_.symbols_[value]) : remembered(i, value);
    }
    return all;
  }

 private:
  bool remembered(std::size_t matcher, Symbol value) {
    Answer& answer = asked_[matcher].answers[value];
    if (answer == unasked) answer = matching_.holds(matcher, dictionary_.symbols_[value]) ? yes : no;
    return answer == yes;
  }

  struct Asked {
    std::optional<Symbol> label;  // none: no series of this file has it
    std::vector<Answer> answers;  // by value
  };
  const Dictionary& dictionary_;
  const Matching& matching_;
  std::vector<Asked> asked_;
};

// Null while looking at every series is no more work than to make one.
const LabelIndex* Dictionary::index_of(Symbol label) const {
  constexpr std::size_t kSeriesMin = 1000;
  if (size() < kSeriesMin) return nullptr;
  Indexed& indexed = indexes_[label];
  // Made anew when much has come since.
  if (indexed.index && size() - indexed.index->size() > size() / 8) indexed = {};
  if (indexed.index) return &*indexed.index;
  if (++indexed.asked < 2) return nullptr;
  std::vector<LabelIndex::Entry> entries;
  entries.reserve(size());
  for (std::size_t id = 0; id < size(); ++id)
    for (const Pair& pair : pairs(id))
      if (pair.label == label) entries.push_back({pair.value, static_cast<metric::SeriesId>(id)});
  const std::vector<std::string_view> texts(symbols_.begin(), symbols_.end());
  return &indexed.index.emplace(std::move(entries), size(), texts);
}

Dictionary::Candidates Dictionary::candidates(const Matching& matching) const {
  struct Best {
    std::size_t matcher, begin, end, ids;
    const LabelIndex* index;
  };
  std::optional<Best> best;
  for (std::size_t i = 0; i < matching.size(); ++i) {
    const auto range = matching.range(i);
    const auto label = label_symbol(matching.label(i));
    const LabelIndex* index = range && label ? index_of(*label) : nullptr;
    if (index == nullptr) continue;
    const auto [begin, end] = index->positions(range->first, range->last);
    const std::size_t ids = index->ids(begin, end).size();
    if (!best || ids < best->ids) best = {i, begin, end, ids, index};
  }
  if (!best || best->ids > size() / 2) return {};
  Candidates found{{}, best->index->size()};
  found.ids.reserve(best->ids);
  for (std::size_t at = best->begin; at < best->end; ++at)
    if (matching.holds(best->matcher, symbols_[best->index->value(at)]))
      std::ranges::copy(best->index->ids(at, at + 1), std::back_inserter(found.ids));
  std::ranges::sort(found.ids);
  return found;
}

std::vector<metric::SeriesId> Dictionary::matching(const Matching& matching) const {
  Candidates few = candidates(matching);
  constexpr std::size_t kFew = 100;
  const bool is_small = few.ids.size() + (size() - few.looked_at) <= kFew;
  Question question(*this, matching, is_small ? Question::Memory::none : Question::Memory::of_values);
  std::vector<metric::SeriesId> found = std::move(few.ids);
  std::erase_if(found, [&](metric::SeriesId id) { return !question.holds_for(id); });
  for (std::size_t id = few.looked_at; id < size(); ++id)
    if (question.holds_for(id)) found.push_back(static_cast<metric::SeriesId>(id));
  return found;
}

metric::SeriesKey Dictionary::key(metric::SeriesId id) const {
  metric::SeriesKey key;
  const std::span<const Pair> labels = pairs(id);
  if (labels.empty()) return key;
  key.name = symbols_[labels[0].value];
  key.labels.reserve(labels.size() - 1);
  for (const Pair& pair : labels.subspan(1))
    key.labels.push_back({symbols_[pair.label], symbols_[pair.value]});
  return key;
}

}  // namespace ullage::history
