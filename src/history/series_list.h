// SPDX-License-Identifier: Apache-2.0
// The names and labels of many series as one compressed text: those of a process that lived for a second
// would otherwise take more room than its samples. docs/formats/series-file.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::history {

std::string encode_series(std::span<const metric::SeriesKey> series);
Result<std::vector<metric::SeriesKey>> decode_series(std::string_view bytes);

}  // namespace ullage::history
