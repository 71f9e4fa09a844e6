// SPDX-License-Identifier: Apache-2.0
#include "history/store/dictionary.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "history/matching.h"
#include "history/series_list.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

enum Answer : unsigned char { unasked, yes, no };

}  // namespace

void Dictionary::add(const metric::SeriesKey& key) {
  begins_.push_back(static_cast<std::uint32_t>(pairs_.size()));
  pairs_.push_back({0, symbols_.add(key.name)});
  for (const metric::Label& label : key.labels) {
    const Symbol name = symbols_.add(label.name);
    pairs_.push_back({name, symbols_.add(label.value)});
  }
}

void Dictionary::add(const SeriesList& list, std::size_t from) {
  std::vector<Symbol> symbols;
  symbols.reserve(list.texts());
  symbols_.reserve(symbols_.size() + list.texts());
  for (std::size_t i = 0; i < list.texts(); ++i) symbols.push_back(symbols_.add(list.text(i)));
  for (std::size_t i = from; i < list.size(); ++i) {
    const std::span<const std::uint32_t> words = list.words_of(i);
    begins_.push_back(static_cast<std::uint32_t>(pairs_.size()));
    pairs_.push_back({0, symbols[words[0]]});
    for (std::size_t word = 1; word + 1 < words.size(); word += 2)
      pairs_.push_back({symbols[words[word]], symbols[words[word + 1]]});
  }
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
  index = {.values = {}, .begins = {}, .ids = {}, .series = size()};
  const auto each_with_it = [&](auto visit) {
    for (std::size_t id = 0; id < size(); ++id)
      for (const Pair& pair : pairs(id))
        if (pair.label == label) visit(pair.value, static_cast<metric::SeriesId>(id));
  };
  std::vector<std::uint32_t> ends(symbols_.size());  // of each value: how many, then where the next goes
  each_with_it([&](Symbol value, metric::SeriesId) { ++ends[value]; });
  std::uint32_t end = 0;
  for (Symbol value = 0; value < ends.size(); ++value) {
    if (ends[value] == 0) continue;
    index.values.push_back(value);
    index.begins.push_back(end);
    end += std::exchange(ends[value], end);
  }
  index.begins.push_back(end);
  index.ids.resize(end);
  each_with_it([&](Symbol value, metric::SeriesId id) { index.ids[ends[value]++] = id; });
  return index;
}

// A matcher in this file's terms.
struct Dictionary::Question {
  std::size_t matcher;
  std::optional<Symbol> label;  // none: no series of this file has it
  bool names_values = false;
  std::vector<Symbol> values;   // those that hold, if so; ascending
  std::vector<Answer> answers;  // else, by value
};

std::vector<Dictionary::Question> Dictionary::questions(const Matching& matching) const {
  std::vector<Question> questions;
  for (std::size_t i = 0; i < matching.size(); ++i) {
    Question& question =
        questions.emplace_back(Question{.matcher = i, .label = {}, .values = {}, .answers = {}});
    const std::string& label = matching.label(i);
    question.label = label == "__name__" ? Symbol{0} : symbols_.find(label);
    if (label.empty()) question.label.reset();
    const std::span<const std::string> wanted = matching.wanted_values(i);
    question.names_values = !wanted.empty();
    for (const std::string& value : wanted)
      if (const auto symbol = symbols_.find(value)) question.values.push_back(*symbol);
    std::ranges::sort(question.values);
  }
  return questions;
}

bool Dictionary::holds(const Matching& matching, Question& question, Symbol value) const {
  if (question.names_values) return std::ranges::binary_search(question.values, value);
  if (question.answers.empty()) question.answers.resize(symbols_.size(), unasked);
  Answer& answer = question.answers[value];
  if (answer == unasked) answer = matching.holds(question.matcher, symbols_.text(value)) ? yes : no;
  return answer == yes;
}

// Those that can match: all, or fewer where a matcher holds for values that few have.
struct Dictionary::Candidates {
  std::vector<std::span<const metric::SeriesId>> some;
  std::size_t all_from = 0;  // and all from here on
  std::size_t count = 0;
};

Dictionary::Candidates Dictionary::candidates(const Matching& matching, std::span<Question> questions) const {
  Candidates fewest{.some = {}, .all_from = 0, .count = size()};
  const auto consider = [&](const Index& index, std::span<const Symbol> values, const auto& holds) {
    Candidates found{.some = {}, .all_from = index.series, .count = size() - index.series};
    for (const Symbol value : values) {
      const auto at = std::ranges::lower_bound(index.values, value);
      if (at == index.values.end() || *at != value || !holds(value)) continue;
      const auto number = static_cast<std::size_t>(at - index.values.begin());
      found.some.push_back(std::span(index.ids).subspan(index.begins[number],
                                                        index.begins[number + 1] - index.begins[number]));
      found.count += found.some.back().size();
    }
    if (found.count < fewest.count) fewest = std::move(found);
  };
  for (const Question& question : questions) {
    if (!question.names_values) continue;
    if (!question.label) return {.some = {}, .all_from = size(), .count = 0};
    consider(index_of(*question.label), question.values, [](Symbol) { return true; });
  }
  for (Question& question : questions) {
    if (question.names_values || matching.holds(question.matcher, "")) continue;
    if (!question.label) return {.some = {}, .all_from = size(), .count = 0};
    const Index& index = index_of(*question.label);
    if (index.values.size() < fewest.count)
      consider(index, index.values, [&](Symbol value) { return holds(matching, question, value); });
  }
  return fewest;
}

std::vector<metric::SeriesId> Dictionary::matching(const Matching& matching) const {
  std::vector<Question> asked = questions(matching);
  const Candidates candidates = this->candidates(matching, asked);
  std::vector<metric::SeriesId> found;
  found.reserve(candidates.count);
  const auto add_if_all_hold = [&](metric::SeriesId id) {
    const std::span<const Pair> labels = pairs(id);
    const auto value_of = [&](std::optional<Symbol> label) {
      for (const Pair& pair : labels)
        if (label == pair.label) return pair.value;
      return Symbol{0};
    };
    const auto is_held = [&](Question& each) { return holds(matching, each, value_of(each.label)); };
    if (!labels.empty() && std::ranges::all_of(asked, is_held)) found.push_back(id);
  };
  for (const auto& ids : candidates.some) std::ranges::for_each(ids, add_if_all_hold);
  for (std::size_t id = candidates.all_from; id < size(); ++id)
    add_if_all_hold(static_cast<metric::SeriesId>(id));
  if (!std::ranges::is_sorted(found)) std::ranges::sort(found);
  return found;
}

metric::SeriesKey Dictionary::key(metric::SeriesId id) const {
  metric::SeriesKey key;
  copy_key(id, key);
  return key;
}

void Dictionary::copy_key(metric::SeriesId id, metric::SeriesKey& key) const {
  const std::span<const Pair> labels = pairs(id);
  key.name = labels.empty() ? std::string_view() : symbols_.text(labels[0].value);
  key.labels.resize(labels.empty() ? 0 : labels.size() - 1);
  for (std::size_t i = 0; i < key.labels.size(); ++i) {
    key.labels[i].name = symbols_.text(labels[i + 1].label);
    key.labels[i].value = symbols_.text(labels[i + 1].value);
  }
}

std::uint64_t Dictionary::hash(metric::SeriesId id) const {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
  std::uint64_t hash = 0;
  for (const Pair& pair : pairs(id)) {
    hash = (hash ^ symbols_.hash(pair.label)) * kOdd;
    hash = (std::rotl(hash, 32) ^ symbols_.hash(pair.value)) * kOdd;
  }
  return hash ^ hash >> 32;
}

bool Dictionary::is_same(metric::SeriesId id, const Dictionary& other, metric::SeriesId others_id) const {
  return std::ranges::equal(pairs(id), other.pairs(others_id), [&](const Pair& mine, const Pair& theirs) {
    return symbols_.text(mine.value) == other.symbols_.text(theirs.value) &&
           symbols_.text(mine.label) == other.symbols_.text(theirs.label);
  });
}

}  // namespace ullage::history
