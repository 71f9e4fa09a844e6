// SPDX-License-Identifier: Apache-2.0
// What of a run grows, told from its samples alone: memory of the whole and of its larger processes, threads,
// processes, open files, shared memory and tmpfs, swap; and where the heap was profiled, what is resident
// beyond what lives on it. The one judgement that the advice, run.growth_gate, `show`, the report and
// `heap leaks` read; how it is judged is analysis/growth.h's. Which line grows only the profiler knows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "heap/profile.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/series_view.h"

namespace ullage::run {

// Memory of the whole run first, then what grows before what does not. Empty without samples.
std::vector<Growth> growth_verdicts(const Record& record, const SeriesView& series,
                                    std::span<const heap::Profile> profiles = {});
// With the run's profiles, where it has any that can be read.
std::vector<Growth> growth_verdicts(const LoadedRun& run);

// Of the memory of the whole run alone; absent without samples.
std::optional<Growth> memory_growth(const Record& record, const SeriesView& series);

bool is_growing(const Growth& growth);
// "open files", "anonymous memory of python3 (1234)".
std::string growth_subject(const Growth& growth);

}  // namespace ullage::run
