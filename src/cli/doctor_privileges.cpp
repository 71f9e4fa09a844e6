// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_privileges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "cli/finding.h"
#include "sense/bpf/task_iterator.h"

namespace ullage::cli {

namespace {

using State = Finding::State;

// ---- capabilities (linux/capability.h; capabilities(7))

constexpr int kSysAdmin = 21, kPerfmon = 38, kBpf = 39;

struct Capability {
  int number;
  std::string_view name;
  State without = State::missing;
  std::string_view gives = {};
};
// /proc/PID/io and fd are their owner's to open, and io asks for the rights of a debugger besides.
constexpr Capability kCapabilities[] = {
    {19, "CAP_SYS_PTRACE", State::missing,
     "shares of memory (PSS) and, with CAP_DAC_READ_SEARCH, I/O of other users' processes"},
    {2, "CAP_DAC_READ_SEARCH", State::missing,
     "open files and, with CAP_SYS_PTRACE, I/O of other users' processes; folders of any user"},
    {12, "CAP_NET_ADMIN", State::limited,
     "exit records (taskstats): what processes used that lived between two readings"},
    {kBpf, "CAP_BPF", State::limited, "with CAP_PERFMON, the task iterator: which processes have moved"},
    {kPerfmon, "CAP_PERFMON", State::limited, "with CAP_BPF, the task iterator: which processes have moved"},
    {24, "CAP_SYS_RESOURCE", State::limited,
     "a lower oom_score_adj than was given: a daemon outlives what it watches"}};
// Before Linux 5.8 there are no such two.
constexpr Capability kOldBpf = {kSysAdmin, "CAP_SYS_ADMIN", State::limited,
                                "the task iterator: which processes have moved (Linux before 5.8)"};

class Capabilities {
 public:
  // "CapEff:\t000001ffffffffff"
  static std::optional<Capabilities> read(const OsRoot& root) {
    const auto status = read_file(root.path("/proc/self/status"), 1 << 16);
    constexpr std::string_view kName = "\nCapEff:\t";
    const std::size_t at = status ? status->find(kName) : std::string::npos;
    if (at == std::string::npos) return std::nullopt;
    Capabilities held;
    const char* digits = status->data() + at + kName.size();
    if (std::from_chars(digits, status->data() + status->size(), held.bits_, 16).ec != std::errc())
      return std::nullopt;
    const auto last = read_file(root.path("/proc/sys/kernel/cap_last_cap"), 64);
    held.is_old_ = last && to_unsigned(trim(*last)).value_or(kBpf) < kBpf;
    return held;
  }
  bool has(const Capability& capability) const {
    const auto bit = [&](int number) { return (bits_ >> number & 1) != 0; };
    const bool is_part_of_admin = capability.number == kBpf || capability.number == kPerfmon;
    return bit(capability.number) || (is_part_of_admin && bit(kSysAdmin));
  }
  std::vector<Capability> that_matter() const {
    std::vector<Capability> all;
    for (const Capability& one : kCapabilities)
      if (!is_old_ || (one.number != kBpf && one.number != kPerfmon)) all.push_back(one);
    if (is_old_) all.push_back(kOldBpf);
    return all;
  }
  std::vector<std::string> lacking() const {  // of those
    std::vector<std::string> names;
    for (const Capability& one : that_matter())
      if (!has(one)) names.emplace_back(one.name);
    return names;
  }

 private:
  std::uint64_t bits_ = 0;
  bool is_old_ = false;
};

// "setcap cap_bpf,cap_perfmon+ep …"
std::string how_to_get(const std::vector<std::string>& names) {
  std::string lower = fmt::format("{}", fmt::join(names, ","));
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return fmt::format("setcap {}+ep $(command -v ullage), or AmbientCapabilities={} in its unit", lower,
                     fmt::join(names, " "));
}

Finding unknown_capabilities(std::string id) {
  return {std::move(id), "capabilities", State::limited, "which there are is not told"};
}

// ---- what is tried

// Of processes of other users: how many could be read, and how many not for want of privileges.
struct Trial {
  std::size_t allowed = 0, denied = 0;
};
constexpr std::size_t kTriedMax = 32, kLookedAtMax = 4096;

bool is_denial(int reason) { return reason == EACCES || reason == EPERM; }

// What of a process may be read is asked when smaps_rollup is opened (reading it would take long) and when io
// is read (fs/proc/task_mmu.c, fs/proc/base.c).
template <class Try>
Trial try_on_others(const OsRoot& root, uid_t own, Try is_allowed) {
  Trial trial;
  std::size_t looked_at = 0;
  std::error_code unreadable;
  for (std::filesystem::directory_iterator it(root.path("/proc"), unreadable), end;
       !unreadable && it != end && looked_at < kLookedAtMax; it.increment(unreadable)) {
    if (!to_unsigned(it->path().filename().string())) continue;
    ++looked_at;
    struct stat info{};
    if (::stat(it->path().c_str(), &info) != 0 || info.st_uid == own) continue;
    const std::optional<bool> outcome = is_allowed(it->path().string());
    if (outcome) ++(*outcome ? trial.allowed : trial.denied);
    if (trial.allowed + trial.denied == kTriedMax) break;
  }
  return trial;
}

// Nothing: it has gone, or has no such thing as threads of the kernel have no memory.
std::optional<bool> may_open(const std::string& path) {
  const auto file = open_file(path, O_RDONLY);
  if (file) return true;
  return is_denial(file.error().system_error) ? std::optional(false) : std::nullopt;
}

std::optional<bool> may_read(const std::string& path) {
  const auto text = read_file(path, 4096);
  if (text) return true;
  return is_denial(text.error().system_error) ? std::optional(false) : std::nullopt;
}

Finding of_whom(Finding finding, const Trial& trial, const std::string& remedy) {
  const std::size_t tried = trial.allowed + trial.denied;
  if (tried == 0) return finding;
  if (trial.denied == 0) {
    finding.text += ", of other users' processes too";
    return finding;
  }
  finding.state = State::limited;
  finding.text += trial.allowed == 0
                      ? ", of this user's processes only"
                      : fmt::format(", of {} of {} processes of other users", trial.allowed, tried);
  finding.remedy = remedy;
  return finding;
}

Finding not_there(Finding finding, const Error& error, std::string_view without, std::string remedy) {
  finding.state = State::missing;
  finding.text = fmt::format("{}: {}", error.text(), without);
  finding.remedy = std::move(remedy);
  return finding;
}

Finding check_tasks(const OsRoot& root) {
  Finding finding{"task_iterator", "task iterator", State::limited};
  if (!root.is_live()) {
    finding.text = "not tried on a machine that is not this one";
    return finding;
  }
  const auto opened = sense::TaskIterator::open();
  if (opened) {
    finding.state = State::good;
    finding.text = "the kernel tells which processes have moved (BPF)";
    return finding;
  }
  Error error = opened.error();
  finding.remedy = std::exchange(error.hint, {});
  finding.text = error.text() + " (a daemon reads more from /proc instead)";
  return finding;
}

}  // namespace

std::vector<Finding> what_is_allowed(const OsRoot& root) {
  std::vector<Finding> findings;
  const auto held = Capabilities::read(root);
  if (!held) findings.push_back(unknown_capabilities("capabilities"));
  // All at once: setcap replaces what a file had.
  const auto lacks = held ? held->lacking() : std::vector<std::string>();
  for (const Capability& one : held ? held->that_matter() : std::vector<Capability>()) {
    Finding finding{"capability", std::string(one.name), State::good, std::string(one.gives)};
    finding.id = finding.title;
    std::ranges::transform(finding.id, finding.id.begin(), [](unsigned char c) { return std::tolower(c); });
    if (!held->has(one)) {
      finding.state = one.without;
      finding.text = "missing here: " + finding.text;
      finding.remedy = one.name == lacks.front() ? how_to_get(lacks) : "by the same command";
    }
    findings.push_back(std::move(finding));
  }
  findings.push_back(check_tasks(root));
  return findings;
}

Finding held_capabilities(const OsRoot& root) {
  const auto held = Capabilities::read(root);
  if (!held) return unknown_capabilities("daemon_capabilities");
  const auto lacks = held->lacking();
  std::vector<std::string> has;
  for (const Capability& one : held->that_matter())
    if (held->has(one)) has.emplace_back(one.name);
  Finding finding{"daemon_capabilities", "capabilities", State::good,
                  has.empty() ? "none of those that matter" : fmt::format("{}", fmt::join(has, ", "))};
  if (lacks.empty()) return finding;
  finding.state = State::limited;
  if (!has.empty()) finding.text += fmt::format("; without {}", fmt::join(lacks, ", "));
  finding.remedy = how_to_get(lacks);
  return finding;
}

Finding check_shared_memory(const OsRoot& root, uid_t own) {
  Finding finding{"pss", "shared memory", State::good, "is divided among those who share it (PSS)"};
  const auto text = read_file(root.path("/proc/self/smaps_rollup"), 1 << 16);
  if (!text)
    return not_there(std::move(finding), text.error(), "shared pages are counted by an estimate",
                     "Linux 4.14 or newer");
  const Trial trial = try_on_others(root, own, [](const std::string& process) -> std::optional<bool> {
    // A thread of the kernel has none: before Linux 6.13 anybody may open that.
    const auto pages = read_file(process + "/statm", 64);
    if (!pages || pages->starts_with("0 ")) return std::nullopt;
    return may_open(process + "/smaps_rollup");
  });
  return of_whom(std::move(finding), trial,
                 "run as root, or: " + how_to_get({"CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"}));
}

Finding check_storage_io(const OsRoot& root, uid_t own) {
  Finding finding{"io", "storage I/O", State::good, "of each process"};
  const auto text = read_file(root.path("/proc/self/io"), 1 << 16);
  if (!text)
    return not_there(std::move(finding), text.error(), "read and written bytes are not told",
                     "a kernel with CONFIG_TASK_IO_ACCOUNTING");
  const Trial trial =
      try_on_others(root, own, [](const std::string& process) { return may_read(process + "/io"); });
  if (trial.denied > 0) finding.text = "read and written bytes";
  return of_whom(std::move(finding), trial,
                 "run as root, or: " + how_to_get({"CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"}));
}

}  // namespace ullage::cli
