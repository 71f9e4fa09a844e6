// SPDX-License-Identifier: Apache-2.0
// `ullage heap top|flame|leaks|diff|export`: what a run that was started with --heap did with its memory.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_heap(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
