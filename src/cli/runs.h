// SPDX-License-Identifier: Apache-2.0
// ullage runs list, rm, gc, tag, export: the runs that are kept.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_runs(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
