// SPDX-License-Identifier: Apache-2.0
#include "session/unprofiled.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "sense/kernel_text.h"
#include "sense/proc/process_tree.h"
#include "sense/sample.h"
#include "session/heap_profile.h"

namespace ullage::session {

namespace {

constexpr std::size_t kMapsBytes = 4 << 20;  // of those with more nothing can be said: libraries come last
constexpr std::size_t kStatusBytes = 16 << 10;

std::string real_path(const std::string& path) {
  std::error_code error;
  return std::filesystem::canonical(path, error).string();
}

// Of a process that may not be looked into. One of our own user that merely hid itself may be profiled.
bool has_other_rights(const std::string& folder) {
  const auto status = read_file(folder + "/status", kStatusBytes);
  if (!status) return false;
  std::string_view rest = *status, line;
  while (sense::take_line(rest, line)) {
    const std::string_view key = take_until(line, '\t');
    const bool is_user = key == "Uid:";
    if (is_user || key == "Gid:") {
      const std::uint64_t ours = is_user ? ::geteuid() : ::getegid();
      while (const auto id = sense::take_unsigned(line))
        if (*id != ours) return true;
    }
    if (key == "CapPrm:" && line.find_first_not_of('0') != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

Unprofiled::Unprofiled(const OsRoot& root, const std::string& library, const std::string& scanner)
    : root_(root), library_name_(library.substr(library.rfind('/') + 1)), scanner_(real_path(scanner)) {}

std::vector<std::string> Unprofiled::look(std::span<const sense::TreeProcess> living) {
  std::vector<std::string> problems;
  for (const sense::TreeProcess& process : living) {
    const sense::ProcessSample& sample = process.sample;
    if (sample.state == 'Z' || sample.state == 'X' || process.borrows_memory || !is_due(process)) continue;
    const bool is_said = told_.size() >= kTold || told_.contains(sample.name);
    const auto why = is_said ? std::string() : why_not(sample.pid);
    if (!why) continue;  // looked at again
    programs_[sample.pid].is_judged = true;
    if (sample.pid == left_out_pid_) {
      left_out_pid_ = 0;
      continue;
    }
    if (why->empty()) continue;
    problems.push_back(
        fmt::format("no heap profile of {} (process {}): {}", printable(sample.name), sample.pid, *why));
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
  return !known.is_judged;
}

void Unprofiled::forget_others(std::span<const sense::TreeProcess> living) {
  if (programs_.size() <= 2 * living.size() + 16) return;
  std::set<std::int64_t> pids;
  for (const sense::TreeProcess& process : living) pids.insert(process.sample.pid);
  std::erase_if(programs_, [&](const auto& program) { return !pids.contains(program.first); });
}

// Empty: nothing stands in the way, or the process has gone. None: its loader has not come so far.
std::optional<std::string> Unprofiled::why_not(std::int64_t pid) {
  const std::string folder = root_.path(fmt::format("/proc/{}", pid));
  const auto file = open_file(folder + "/maps", O_RDONLY);
  const bool is_forbidden =
      !file && (file.error().system_error == EACCES || file.error().system_error == EPERM);
  if (is_forbidden) return has_other_rights(folder) ? "it runs with the rights of another user or group" : "";
  if (!file || !read_into(file->get(), maps_, kMapsBytes) || maps_.empty() || maps_.size() >= kMapsBytes ||
      maps_.find(library_name_) != std::string::npos)
    return "";
  if (!scanner_.empty() && real_path(folder + "/exe") == scanner_) return "";
  if (std::string why = why_not_profiled(folder + "/exe"); !why.empty()) return why;
  // What is preloaded is mapped before what the program needs.
  for (const std::string_view libc : {"/libc.so", "/libc-2", "/ld-musl"})
    if (maps_.find(libc) != std::string::npos) return "it was started without LD_PRELOAD";
  return std::nullopt;
}

}  // namespace ullage::session
