// SPDX-License-Identifier: Apache-2.0
#include "history/exchange/history_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/result.h"
#include "history/block.h"
#include "history/history.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

Result<void> HistoryImport::take(const metric::SeriesKey& key, std::span<const Sample> samples) {
  if (held_.size() + samples.size() > kSamplesMax)
    return fail(fmt::format("more than {} samples in one import", kSamplesMax), {},
                "import it in parts, by time");
  const metric::SeriesId id = table_.id(key.name, key.labels);
  for (const Sample& sample : samples)
    held_.push_back({sample.time_ms, {id, is_absent(sample.value) ? kMarker : sample.value}});
  return {};
}

Result<void> HistoryImport::write(HistoryWriter& writer) {
  std::ranges::sort(held_, [](const Held& a, const Held& b) {
    return a.time_ms != b.time_ms ? a.time_ms < b.time_ms : a.value.series < b.value.series;
  });
  metric::Tick tick;
  std::size_t ticks = 0;
  for (auto from = held_.begin(); from != held_.end();) {
    tick.clear();
    tick.time_ms = from->time_ms;
    for (; from != held_.end() && from->time_ms == tick.time_ms; ++from) tick.values.push_back(from->value);
    writer.append(tick, table_);
    if (++ticks % kTicksPerBlock != 0) continue;
    if (auto flushed = writer.flush(); !flushed) return flushed;
  }
  held_ = {};
  return writer.flush();
}

}  // namespace ullage::history
