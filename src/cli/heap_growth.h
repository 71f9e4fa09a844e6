// SPDX-License-Identifier: Apache-2.0
// What the samples of a run say to `ullage heap leaks`: of a run without a profile the whole verdict about
// growth, else what grows beside the heap. Whether anything is lost, or merely kept, samples do not tell.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/heap_question.h"
#include "cli/verb.h"
#include "run/record.h"

namespace ullage::cli {

struct GrowthQuestion {
  std::string run;
  std::optional<std::uint32_t> process;
  std::span<const std::string> fail_on;
  bool json = false;
};

// The exit code; absent when the run has a profile, or cannot be found.
std::optional<int> answer_from_samples(const GrowthQuestion& question, const Common& common,
                                       const Console& console);

// What of the run grows that no line of the program holds alone: what is resident beyond the live heap,
// shared memory, threads, open files.
std::vector<run::Growth> growth_beside(const HeapRun& run);

}  // namespace ullage::cli
