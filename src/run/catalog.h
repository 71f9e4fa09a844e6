// SPDX-License-Identifier: Apache-2.0
// The runs of one state directory: their ids and files, how one is named (id, unique prefix, name, path,
// @1 for the last), and which go when there are too many. Reads and unlinks files; decides nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/record.h"

namespace ullage::run {

// $STATE/runs, made if missing (0700).
Result<std::string> runs_folder(const std::string& state_directory);
// Of the run files in such a folder, the newest first, as ids begin with their time. No folder is no runs.
Result<std::vector<std::string>> run_ids(const std::string& runs_folder);
// Sortable by time to the millisecond, unique on the machine: "20261124-063012-k3f9a".
std::string new_run_id(std::int64_t now_ms, std::uint64_t random);

// Refused are names that a run could never be found by: "@1", and what reads as a whole id.
Result<void> check_run_name(const std::string& name);

struct CatalogEntry {
  std::string path;
  Record record;
  std::uint64_t size_bytes = 0;
  std::string problem;  // why it cannot be read; the record then holds the id alone
};
// Newest first.
Result<std::vector<CatalogEntry>> list_runs(const std::string& state_directory);
// The path of the run that a person means: an id, a name before the beginning of an id, a path, @1. An error
// names what came close.
Result<std::string> find_run(const std::string& state_directory, const std::string& wanted);

// Unlinks a run's file, which ends in ".ullage", and what belongs to it.
void remove_run(const std::string& path);

struct GcPolicy {
  std::uint64_t keep_runs = 1000;
  std::uint64_t keep_bytes = 10ull << 30;
};
struct GcResult {
  std::vector<std::string> removed;  // ids
  std::uint64_t freed_bytes = 0;
};
// Oldest first, never one that is alive.
Result<GcResult> collect_garbage(const std::string& state_directory, const GcPolicy& policy, bool dry_run);
// The same at most once an hour, as runs come: the time of the last one is kept beside the runs.
void collect_garbage_when_due(const std::string& state_directory, const GcPolicy& policy,
                              std::int64_t now_ms);

}  // namespace ullage::run
