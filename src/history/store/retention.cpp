// SPDX-License-Identifier: Apache-2.0
#include "history/store/retention.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/store/history_files.h"
#include "history/store/sort_stably.h"

namespace ullage::history {

namespace {

constexpr const char* kBeside[] = {"", "-wal", "-shm"};

std::uint64_t size_of(const std::string& path) {
  std::uint64_t bytes = 0;
  for (const char* ending : kBeside) {
    struct stat info;
    if (::stat((path + ending).c_str(), &info) == 0)
      bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
  }
  return bytes;
}

bool unlink_all(const std::string& path) {
  for (const char* ending : {"-wal", "-shm"}) ::unlink((path + ending).c_str());
  return ::unlink(path.c_str()) == 0;
}

std::int64_t kept_ms(const Retention& retention, Tier tier) {
  switch (tier) {
    case Tier::raw:
      return retention.raw_ms;
    case Tier::minute:
      return retention.minute_ms;
    case Tier::hour:
      return retention.hour_ms;
  }
  return 0;
}

}  // namespace

Result<Removed> remove_old(const std::string& folder, const Retention& retention, std::int64_t now_ms,
                           Age age, const std::vector<std::string>& in_use) {
  auto files = list_history(folder);
  if (!files) return pass_on(files);
  std::uint64_t total = 0;
  std::int64_t newest_ms = 0;
  for (const HistoryFile& file : *files) {
    total += size_of(folder + "/" + file.name);
    newest_ms = std::max(newest_ms, file.end_ms);
  }
  // In each tier the oldest first; of the tiers the one that has used most of its time, so that a lack of
  // room shortens all of them alike.
  sort_stably(*files, [&](const HistoryFile& file) {
    return -static_cast<double>(newest_ms - file.end_ms) /
           static_cast<double>(std::max<std::int64_t>(1, kept_ms(retention, file.tier)));
  });

  Removed removed;
  for (const HistoryFile& file : *files) {
    const bool too_old = age == Age::counts && file.end_ms <= now_ms - kept_ms(retention, file.tier);
    if ((!too_old && total <= retention.bytes_max) || std::ranges::count(in_use, file.name) > 0) continue;
    const std::string path = folder + "/" + file.name;
    const std::uint64_t bytes = size_of(path);
    if (!unlink_all(path)) continue;
    total -= std::min(total, bytes);
    removed.bytes += bytes;
    removed.names.push_back(file.name);
  }
  removed.is_within_size = total <= retention.bytes_max;
  return removed;
}

}  // namespace ullage::history
