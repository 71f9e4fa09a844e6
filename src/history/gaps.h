// SPDX-License-Identifier: Apache-2.0
// Where a series was not, said with markers of staleness. A gap is where a sample comes later than three
// times the distance that the ones around have: a process that ended, an hour's suspend, a daemon that was
// stopped; not a series that is measured less often than others. The marker stands where the next sample was
// due.
#pragma once

#include <cstdint>
#include <vector>

#include "history/series_file.h"

namespace ullage::history {

// `samples` ascend. `newest_ms`: the last moment of which something is known. `tick_ms`: how far apart ticks
// are, for a series with one sample; 0 when that is not known.
void mark_gaps(std::vector<Sample>& samples, std::int64_t newest_ms, std::int64_t tick_ms);

}  // namespace ullage::history
