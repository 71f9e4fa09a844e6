// SPDX-License-Identifier: Apache-2.0
#include "session/unprofiled.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "sense/proc/process_tree.h"
#include "sense/sample.h"
#include "session/heap_profile.h"

namespace ullage::session {

namespace {

constexpr std::size_t kMapsBytes = 4 << 20;  // the profiler's is among the first libraries

std::string real_path(const std::string& path) {
  std::error_code error;
  return std::filesystem::canonical(path, error).string();
}

}  // namespace

Unprofiled::Unprofiled(const OsRoot& root, const std::string& library, const std::string& scanner)
    : root_(root), library_name_(library.substr(library.rfind('/') + 1)), scanner_(real_path(scanner)) {}

std::vector<std::string> Unprofiled::look(std::span<const sense::TreeProcess> living) {
  std::vector<std::string> problems;
  for (const sense::TreeProcess& process : living) {
    const sense::ProcessSample& sample = process.sample;
    if (sample.state == 'Z' || sample.state == 'X' || process.borrows_memory || !is_due(process)) continue;
    if (std::exchange(left_out_pid_, sample.pid == left_out_pid_ ? 0 : left_out_pid_) == sample.pid) continue;
    if (told_.size() >= kTold || told_.contains(sample.name)) continue;
    const std::string why = why_not(sample.pid);
    if (why.empty()) continue;
    problems.push_back(
        fmt::format("no heap profile of {} (process {}): {}", printable(sample.name), sample.pid, why));
    told_.insert(sample.name);
  }
  forget_others(living);
  return problems;
}

bool Unprofiled::is_due(const sense::TreeProcess& process) {
  Program& known = programs_[process.sample.pid];
  if (known.start_ticks != process.sample.start_ticks || known.name != process.sample.name ||
      known.command_line != process.command_line) {
    known = {process.sample.start_ticks, process.sample.name, process.command_line, false};
    return false;
  }
  return !std::exchange(known.is_judged, true);
}

void Unprofiled::forget_others(std::span<const sense::TreeProcess> living) {
  if (programs_.size() <= 2 * living.size() + 16) return;
  std::set<std::int64_t> pids;
  for (const sense::TreeProcess& process : living) pids.insert(process.sample.pid);
  std::erase_if(programs_, [&](const auto& program) { return !pids.contains(program.first); });
}

// Empty: nothing stands in the way, or the process has gone.
std::string Unprofiled::why_not(std::int64_t pid) {
  const std::string folder = root_.path(fmt::format("/proc/{}", pid));
  const auto file = open_file(folder + "/maps", O_RDONLY);
  const bool is_forbidden =
      !file && (file.error().system_error == EACCES || file.error().system_error == EPERM);
  if (is_forbidden) return "it runs with the rights of another user or group";
  if (!file || !read_into(file->get(), maps_, kMapsBytes) || maps_.empty() ||
      maps_.find(library_name_) != std::string::npos)
    return {};
  if (!scanner_.empty() && real_path(folder + "/exe") == scanner_) return {};
  const std::string why = why_not_profiled(folder + "/exe");
  return why.empty() ? "it was started without LD_PRELOAD" : why;
}

}  // namespace ullage::session
