// SPDX-License-Identifier: Apache-2.0
// The runs of a state directory that are alive, as their files tell: what each stored last, and what its
// record knows, as series with the labels run_id and run_name. A run's supervisor writes its file once a
// second and knows nothing of who reads it. How many runs and series are told is bounded. Any one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::run {

struct LiveRunsLimits {
  std::size_t runs = 64;  // the newest
  std::size_t series_of_a_run = 200;
};

class LiveRuns {
 public:
  using Limits = LiveRunsLimits;
  explicit LiveRuns(const std::string& state_directory, Limits limits = {})
      : folder_(state_directory + "/runs"), limits_(limits) {}

  struct Look {
    std::vector<std::pair<metric::SeriesKey, double>> values = {};
    std::size_t alive = 0;
    std::size_t untold = 0;  // of those that are alive: beyond the limit, or not to be read
  };
  // `now_ms`: wall time. A folder that is not there has no runs.
  Result<Look> look(std::int64_t now_ms);

 private:
  std::string folder_;
  Limits limits_;
  std::set<std::string> ended_;  // ids, which never come back
};

}  // namespace ullage::run
