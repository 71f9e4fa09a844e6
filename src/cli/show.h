// SPDX-License-Identifier: Apache-2.0
// ullage show [RUN]: a run as text, as JSON, or as a report.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_show(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
