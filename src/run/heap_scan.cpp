// SPDX-License-Identifier: Apache-2.0
#include "run/heap_scan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "heap/scan/scan.h"
#include "run/heap_profiles.h"
#include "run/run_lock.h"

namespace ullage::run {

namespace {

std::optional<std::uint64_t> inode_of(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_ino;
}

std::string reason(const Error& error) {
  const bool is_refused = error.system_error == EPERM;
  return error.text() +
         (is_refused ? "; root may, or anyone where /proc/sys/kernel/yama/ptrace_scope is 0" : "");
}

}  // namespace

Result<HeapScan> HeapScan::of(const std::string& run_path, std::chrono::nanoseconds patience,
                              const Clock& clock, const OsRoot& root) {
  if (!is_alive(run_path))
    return fail("the run has ended", run_path, "what was lost at its end is found without --scan");
  HeapScan scan;
  for (const std::string& heap_file : living_heap_files(run_path)) {
    const std::string_view name = std::string_view(heap_file).substr(heap_file.rfind('/') + 1);
    const auto pid = to_unsigned(name.substr(0, name.find_first_of("-.")));
    if (!pid || !heap::is_profiled_to(static_cast<int>(*pid), heap_file, root)) continue;
    const auto lost = heap::scan_process(static_cast<int>(*pid), heap_file, patience, clock, root);
    if (!lost) {
      scan.problems_.push_back("process " + std::to_string(*pid) +
                               " was not scanned: " + reason(lost.error()));
      continue;
    }
    const std::string path = heap::lost_file_of(heap_file);
    if (const auto inode = inode_of(path)) scan.found_.push_back({path, *inode});
  }
  return scan;
}

HeapScan::HeapScan(HeapScan&& other) noexcept
    : found_(std::exchange(other.found_, {})), problems_(std::exchange(other.problems_, {})) {}

HeapScan::~HeapScan() {
  for (const Found& found : found_)
    if (inode_of(found.path) == found.inode) ::unlink(found.path.c_str());
}

}  // namespace ullage::run
