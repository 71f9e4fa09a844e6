// SPDX-License-Identifier: Apache-2.0
// The heap's part of the report's data: the call tree at the moments one asks for, and the verdicts.
// docs/formats/report.md, "heap".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "heap/analyze/flame.h"
#include "heap/profile.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::run {

// At exit, at the peak, after each phase (a dozen at most), a third and two thirds into the run, and all that
// was allocated, of which most was given back.
std::vector<heap::FlameMoment> heap_moments(const Record& record, std::span<const heap::Profile> profiles);
std::string heap_json(const Record& record, std::span<const heap::Profile> profiles, std::size_t nodes_max);
// Of a run whose profiles cannot be read: empty.
std::string report_heap(const LoadedRun& run, std::size_t nodes_max);

}  // namespace ullage::run
