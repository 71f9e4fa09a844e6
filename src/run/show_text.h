// SPDX-License-Identifier: Apache-2.0
// A run for a person at a terminal: the verdict and the figures, memory and CPU as curves, processes by their
// peak, phases, events, advice with its evidence, limits, and what was run where.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "run/record.h"
#include "run/series_view.h"
#include "run/style.h"

namespace ullage::run {

struct ShowLook {
  Style style;
  std::size_t width = 80;
  bool utf8 = true;
};

// `problems`: what was damaged in the file, which is said first. Advice is the caller's to have brought up to
// date.
// The verdicts about growth with their evidence; of what is steady only the names.
std::string growth_lines(std::span<const Growth> verdicts, const ShowLook& look);

Result<std::string> show_text(const Record& record, const SeriesView& series,
                              const std::vector<std::string>& problems, const ShowLook& look);

}  // namespace ullage::run
