// SPDX-License-Identifier: Apache-2.0
// `ullage query`: asks a history, a run or another Prometheus in PromQL; formats queries; lists metrics.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_query(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
