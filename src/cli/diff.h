// SPDX-License-Identifier: Apache-2.0
// ullage diff BEFORE AFTER: two runs side by side, and gates for a pipeline.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_diff(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
