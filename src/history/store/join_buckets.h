// SPDX-License-Identifier: Apache-2.0
// Makes one of the buckets of a series and time that stand several times in a tier's file, as writers leave
// them that ended before their time was over. While nobody writes the history.
#pragma once

#include <string>

#include "base/result.h"
#include "history/store/history_files.h"

namespace ullage::history {

// Writes the file anew where it has such buckets; one that is damaged stays as it is.
Result<void> join_buckets(const std::string& folder, const HistoryFile& tier_file);

}  // namespace ullage::history
