// SPDX-License-Identifier: Apache-2.0
// `ullage query export` and `import`: samples as CSV, JSON lines or OpenMetrics, out of any source and into
// the history.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_query_exchange(Command query, Common& common, Console& console);

}  // namespace ullage::cli
