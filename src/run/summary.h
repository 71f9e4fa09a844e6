// SPDX-License-Identifier: Apache-2.0
// The end of a run in at most five lines, and in one sentence (the verdict), which `show` and the report
// open with too. Pure: what the Record does not know is said to be unknown.
#pragma once

#include <string>

#include "run/record.h"
#include "run/style.h"

namespace ullage::run {

struct SummaryStyle {
  bool colour = false;
  std::string prefix = "ullage: ";  // of the first line; `show` has none
  std::string report_path = {};     // where a report was written; empty: how to get one is said
  std::string run_argument =
      "@1";  // how that run is named in the command that is offered; empty: it was not kept
};

std::string summary_text(const Record& record, const SummaryStyle& style);
// Memory, CPU and I/O alone, a line each: what `show` has under its verdict.
std::string figures_text(const Record& record, const Style& style);
// "Finished in 12.5 s; peak 1.20 GiB of 2.00 GiB (60 %), 1.8 of 2 cores busy."
std::string verdict(const Record& record);

}  // namespace ullage::run
