// SPDX-License-Identifier: Apache-2.0
// `ullage doctor --snapshot FILE`: a scrubbed copy of what the machine says, with what doctor finds and the
// settings in force, as one text for a bug report (docs/how-to/bug-report.md).
#pragma once

#include <string>

#include "base/result.h"
#include "cli/verb.h"
#include "config/settings.h"

namespace ullage::cli {

struct SnapshotWish {
  std::string file;  // "-" prints it
  bool with_arguments = false;
  std::string findings_json;
};
// Writes the file, and tells what is in it and what is not.
Result<void> write_snapshot(const SnapshotWish& wish, const Result<config::Settings>& settings,
                            const Console& console);

}  // namespace ullage::cli
