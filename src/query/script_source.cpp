// SPDX-License-Identifier: Apache-2.0
#include "query/script_source.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/matching.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "query/label_set.h"
#include "query/script_series.h"

namespace ullage::query {

namespace {

// What lies in (begin, end] of things in order of time.
template <class Thing, class TimeOf>
std::span<const Thing> within(std::span<const Thing> things, const history::Selection& selection,
                              TimeOf time_of) {
  const auto begin = std::ranges::upper_bound(things, selection.begin_ms, {}, time_of);
  const auto end = std::ranges::upper_bound(things, selection.end_ms, {}, time_of);
  return begin < end ? std::span<const Thing>(begin, end) : std::span<const Thing>();
}

// The name of the histogram that a classic series is a part of; empty for other series.
std::string histogram_name(const LabelSet& labels) {
  std::string_view name = labels.name();
  const bool is_bucket = name.ends_with("_bucket") && !labels.value(kBucketLabel).empty();
  for (const std::string_view suffix : {"_bucket", "_count", "_sum"})
    if (name.ends_with(suffix) && (suffix != "_bucket" || is_bucket))
      return std::string(name.substr(0, name.size() - suffix.size()));
  return {};
}

}  // namespace

ScriptSource::Stored& ScriptSource::stored(const LabelSet& labels) {
  const auto [found, is_new] = index_.try_emplace(labels.bytes(), series_.size());
  if (is_new) series_.push_back({labels.key()});
  return series_[found->second];
}

void ScriptSource::load(std::span<const ScriptSeries> series, std::int64_t interval_ms) {
  for (const ScriptSeries& given : series) {
    Stored& into = stored(given.labels);
    into.has_start_times |= given.has_start_times;
    std::map<std::int64_t, double> samples;
    for (const history::Sample& sample : into.samples) samples[sample.time_ms] = sample.value;
    for (std::size_t i = 0; i < given.values.size(); ++i) {
      const std::int64_t time_ms = interval_ms * static_cast<std::int64_t>(i);
      if (given.values[i].kind == ScriptValue::Kind::number)
        samples[time_ms] = given.values[i].value;
      else if (given.values[i].kind == ScriptValue::Kind::histogram)
        into.histogram_times_ms.push_back(time_ms);
    }
    std::ranges::sort(into.histogram_times_ms);
    into.samples.clear();
    for (const auto& [time_ms, value] : samples) into.samples.push_back({time_ms, value});
  }
}

void ScriptSource::load_as_histograms(std::span<const ScriptSeries> series, std::int64_t interval_ms) {
  load(series, interval_ms);
  for (const ScriptSeries& given : series) {
    const std::string name = histogram_name(given.labels);
    if (name.empty()) continue;
    Stored& into = stored(given.labels.with(kBucketLabel, "").with(kNameLabel, name));
    for (std::size_t i = 0; i < given.values.size(); ++i)
      if (given.values[i].kind == ScriptValue::Kind::number)
        into.histogram_times_ms.push_back(interval_ms * static_cast<std::int64_t>(i));
    std::ranges::sort(into.histogram_times_ms);
  }
}

void ScriptSource::clear() {
  series_.clear();
  index_.clear();
}

Result<void> ScriptSource::select(const history::Selection& selection, const VisitSamples& visit) const {
  auto matching = history::Matching::compile(selection.matchers);
  if (!matching) return pass_on(matching);
  for (const Stored& stored : series_) {
    if (!matching->holds(stored.key)) continue;
    const auto histograms =
        within(std::span<const std::int64_t>(stored.histogram_times_ms), selection, std::identity{});
    found_.histogram |= !histograms.empty();
    const auto samples =
        within(std::span<const history::Sample>(stored.samples), selection, &history::Sample::time_ms);
    if (samples.empty()) continue;
    found_.start_times |= stored.has_start_times;
    if (auto visited = visit(stored.key, samples); !visited) return visited;
  }
  return {};
}

}  // namespace ullage::query
