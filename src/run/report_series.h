// SPDX-License-Identifier: Apache-2.0
// Which series the report shows, thinned: the run's own, its cgroup's, the host's, and of the processes the
// dozen with the largest peaks; the others are added up. One pass over the run's ticks.
#pragma once

#include <vector>

#include "base/result.h"
#include "run/record.h"
#include "run/series_view.h"
#include "run/thin.h"

namespace ullage::run {

constexpr std::size_t kReportMoments = 1000;
constexpr std::size_t kReportProcesses = 12;

struct ReportSeries {
  metric::SeriesKey key;
  metric::Kind kind;
  std::size_t column;  // in the Thinner
};

struct GatheredSeries {
  Thinner moments;
  std::vector<ReportSeries> series;
};

Result<GatheredSeries> gather_report_series(const Record& record, const SeriesView& view);

}  // namespace ullage::run
