// SPDX-License-Identifier: Apache-2.0
// Looking after a history's folder: how much is there, is it whole, and making it so. What the verb
// `daemon history` says is these values. stat and check work beside a living writer; repair and compact take
// its place, and are refused while there is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/store/history_files.h"

namespace ullage::history {

struct FileContent {
  std::uint64_t blocks = 0;   // those looked at
  std::uint64_t samples = 0;  // those read; of a tier five a bucket
};
struct FileReport {
  std::string name;
  Tier tier = Tier::raw;
  std::uint64_t bytes = 0;  // on the disk
  std::uint64_t series = 0;
  std::uint64_t ticks = 0;
  std::optional<FileContent> content;  // of check_history
  std::int64_t begin_ms = 0;           // its first and last tick; both 0 when it has none
  std::int64_t end_ms = 0;
  std::vector<std::string> problems;
};
struct HistoryReport {
  std::vector<FileReport> files;
  std::uint64_t bytes() const;
  bool is_whole() const;  // no file has a problem
};

Result<HistoryReport> stat_history(const std::string& folder);   // without looking into blocks
Result<HistoryReport> check_history(const std::string& folder);  // reads all of it

struct Repaired {
  std::vector<std::string> rewritten;  // files that had damage: what could be read is in a new one
  std::vector<std::string> lost;       // files of which nothing could be read: they are only set aside
  std::vector<std::string> set_aside;  // the damaged ones, under their names with ".damaged" behind
  std::uint64_t buckets_made_up = 0;   // of minutes and hours, from samples
};
Result<Repaired> repair_history(const std::string& folder);

struct Compacted {
  std::uint64_t files = 0;
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
};
// Finishes what a writer left to be done: small blocks become large ones, logs are folded in, free pages
// given back, the minutes and hours that lack something made up, and buckets that stand several times joined.
Result<Compacted> compact_history(const std::string& folder);

}  // namespace ullage::history
