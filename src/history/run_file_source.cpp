// SPDX-License-Identifier: Apache-2.0
#include "history/run_file_source.h"

#include <algorithm>
#include <span>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/gaps.h"
#include "history/matching.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {

Result<void> RunFileSource::select(const Selection& selection, const VisitSamples& visit) const {
  auto matching = Matching::compile(selection.matchers);
  if (!matching) return pass_on(matching);
  const SeriesReader::Extent extent = reader_.extent();
  const std::vector<metric::SeriesKey>& series = reader_.series();
  for (metric::SeriesId id = 0; id < series.size(); ++id) {
    // One whose name was damaged has none.
    if (series[id].name.empty() || !matching->holds(series[id])) continue;
    auto samples = reader_.samples(id, selection.begin_ms, selection.end_ms);
    if (!samples) return pass_on(samples);
    mark_gaps(*samples, std::min(extent.end_ms, selection.end_ms), extent.tick_ms);
    const auto begin = std::ranges::upper_bound(*samples, selection.begin_ms, {}, &Sample::time_ms);
    const auto end = std::ranges::upper_bound(begin, samples->end(), selection.end_ms, {}, &Sample::time_ms);
    const std::span<const Sample> asked(begin, end);
    if (std::ranges::all_of(asked, [](const Sample& sample) { return is_absent(sample.value); })) continue;
    if (auto visited = visit(series[id], asked); !visited) return visited;
  }
  return {};
}

}  // namespace ullage::history
