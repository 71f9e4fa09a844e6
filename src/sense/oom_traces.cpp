// SPDX-License-Identifier: Apache-2.0
#include "sense/oom_traces.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kLogTailBytes = 256u << 10;

// "Killed process 1234 (na)me)": the name may hold anything but ends at the last ')' before what follows it.
std::optional<OomVictim> parse_victim(std::string_view text, std::string_view after, char open,
                                      std::string_view close) {
  const std::size_t found = text.find(after);
  if (found == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(found + after.size());
  const auto pid = to_signed(take_word(rest));
  const std::size_t begin = rest.find(open);
  if (!pid || begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = rest.find(close, begin + 1);
  if (end == std::string_view::npos) return std::nullopt;
  return OomVictim{*pid, std::string(rest.substr(begin + 1, end - begin - 1))};
}

std::optional<OomVictim> parse_earlyoom_message(std::string_view message) {
  return parse_victim(message, " to process ", '"', "\"");
}

std::int64_t boot_ms(const OsRoot& root) {
  const auto stat = read_file(root.path("/proc/stat"));
  if (!stat) return 0;
  const std::size_t found = stat->find("\nbtime ");
  if (found == std::string::npos) return 0;
  std::string_view rest = std::string_view(*stat).substr(found + 7);
  return to_signed(take_word(rest)).value_or(0) * 1000;
}

// /dev/kmsg gives one record a read: "6,1234,5678901234,-;message", the third being µs since boot
// (Documentation/ABI/testing/dev-kmsg).
void read_kernel_victims(const OsRoot& root, std::int64_t since_ms, OomTraces& traces) {
  const auto log = open_file(root.path("/dev/kmsg"), O_RDONLY | O_NONBLOCK);
  if (!log) return;
  traces.kernel_log_is_readable = true;
  const std::int64_t boot = boot_ms(root);
  std::array<char, 8192> record{};
  while (true) {
    const ssize_t got = ::read(log->get(), record.data(), record.size());
    if (got < 0 && errno == EPIPE) continue;  // overwritten while we read: the next one is there
    if (got <= 0) return;
    std::string_view message(record.data(), static_cast<std::size_t>(got));
    std::string_view head = take_until(message, ';');
    take_until(head, ',');
    take_until(head, ',');
    const auto microseconds = to_signed(take_until(head, ','));
    // btime is in whole seconds.
    if (boot + microseconds.value_or(0) / 1000 + 1000 < since_ms) continue;
    if (auto victim = parse_kernel_victim(message)) traces.kernel_victims.push_back(*std::move(victim));
  }
}

bool killed_by_systemd_oomd(const std::string& cgroup_folder) {
  std::array<char, 32> count{};
  const ssize_t got = ::getxattr(cgroup_folder.c_str(), "user.oomd_kill", count.data(), count.size());
  return got > 0 &&
         to_unsigned(std::string_view(count.data(), static_cast<std::size_t>(got))).value_or(0) > 0;
}

std::string read_before(const FileDescriptor& file, off_t end) {
  const auto size = static_cast<std::size_t>(std::clamp<off_t>(end, 0, kLogTailBytes));
  std::string text(size, '\0');
  const ssize_t got = ::pread(file.get(), text.data(), size, end - static_cast<off_t>(size));
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

void read_syslog(const std::string& path, std::vector<OomVictim>& victims) {
  const auto log = open_file(path, O_RDONLY);
  if (!log) return;
  const std::string tail = read_before(*log, ::lseek(log->get(), 0, SEEK_END));
  std::string_view rest(tail);
  while (!rest.empty())
    if (auto victim = parse_earlyoom_line(take_until(rest, '\n'))) victims.push_back(*std::move(victim));
}

// A journal file grows by objects; short fields stand in them as they are, "MESSAGE=…"
// (systemd.io/JOURNAL_FILE_FORMAT: tail_object_offset is at byte 136 of the header). The file is longer than
// what is used of it.
void read_journal(const std::string& path, std::vector<OomVictim>& victims) {
  constexpr off_t kTailObjectOffset = 136;
  constexpr off_t kObjectBytesMax = 4096;
  const auto journal = open_file(path, O_RDONLY);
  std::uint64_t last_object = 0;
  if (!journal || ::pread(journal->get(), &last_object, sizeof last_object, kTailObjectOffset) !=
                      static_cast<ssize_t>(sizeof last_object))
    return;
  const off_t size = ::lseek(journal->get(), 0, SEEK_END);
  if (le64toh(last_object) > static_cast<std::uint64_t>(size)) return;
  const std::string tail = read_before(
      *journal, std::min<off_t>(size, static_cast<off_t>(le64toh(last_object)) + kObjectBytesMax));
  std::string_view rest(tail);
  while (true) {
    const std::size_t found = rest.find("MESSAGE=sending SIG");
    if (found == std::string_view::npos) return;
    rest.remove_prefix(found + 8);
    std::string_view message = rest.substr(0, std::min<std::size_t>(rest.find('\0'), 512));
    if (auto victim = parse_earlyoom_message(message)) victims.push_back(*std::move(victim));
  }
}

std::vector<OomVictim> read_earlyoom_victims(const OsRoot& root) {
  std::vector<OomVictim> victims;
  for (const char* path : {"/var/log/syslog", "/var/log/messages", "/var/log/daemon.log"})
    read_syslog(root.path(path), victims);
  for (const char* folder : {"/var/log/journal", "/run/log/journal"}) {
    std::error_code absent;
    for (const auto& machine : std::filesystem::directory_iterator(root.path(folder), absent))
      read_journal(machine.path() / "system.journal", victims);
  }
  return victims;
}

}  // namespace

std::optional<OomVictim> parse_kernel_victim(std::string_view message) {
  // mm/oom_kill.c, __oom_kill_process(): "%s: Killed process %d (%s) total-vm:…"
  if (message.find("ut of memory") == std::string_view::npos &&
      message.find("oom_kill") == std::string_view::npos)
    return std::nullopt;
  return parse_victim(message, "Killed process ", '(', ") ");
}

std::optional<OomVictim> parse_earlyoom_line(std::string_view line) {
  if (line.find("earlyoom") == std::string_view::npos) return std::nullopt;
  return parse_earlyoom_message(line);
}

OomTraces read_oom_traces(const OsRoot& root, const std::string& cgroup_folder, std::int64_t since_ms) {
  OomTraces traces{
      .earlyoom_victims = read_earlyoom_victims(root),
      .systemd_oomd_killed_cgroup = !cgroup_folder.empty() && killed_by_systemd_oomd(cgroup_folder)};
  read_kernel_victims(root, since_ms, traces);
  return traces;
}

}  // namespace ullage::sense
