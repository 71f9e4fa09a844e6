// SPDX-License-Identifier: Apache-2.0
#include "sense/snapshot/snapshot.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "sense/cgroup/mount_table.h"
#include "sense/host_archive.h"
#include "sense/snapshot/scrub.h"

namespace ullage::sense {

namespace {

// How a file is scrubbed.
enum class Kind : unsigned char { numbers, text, stat, status, mounts, mountinfo, sockets };

struct Wanted {
  std::string_view path;  // a "*" stands for any name
  Kind kind = Kind::numbers;
};

// clang-format off: a table reads best with a row on a line
constexpr Wanted kMachine[] = {
    {"/etc/os-release"},
    {"/etc/selinux/config"},
    {"/proc/1/mounts", Kind::mounts},
    {"/proc/diskstats"},
    {"/proc/loadavg"},
    {"/proc/meminfo"},
    {"/proc/net/arp", Kind::text},
    {"/proc/net/dev"},
    {"/proc/net/netstat"},
    {"/proc/net/snmp"},
    {"/proc/net/snmp6"},
    {"/proc/net/sockstat"},
    {"/proc/net/sockstat6"},
    {"/proc/net/softnet_stat"},
    {"/proc/net/stat/nf_conntrack"},
    {"/proc/net/udp", Kind::sockets},
    {"/proc/net/udp6", Kind::sockets},
    {"/proc/pressure/*"},
    {"/proc/schedstat"},
    {"/proc/self/cgroup", Kind::text},
    {"/proc/self/io"},
    {"/proc/self/limits"},
    {"/proc/self/mountinfo", Kind::mountinfo},
    {"/proc/self/mounts", Kind::mounts},
    {"/proc/self/oom_score_adj"},
    {"/proc/self/schedstat"},
    {"/proc/self/smaps_rollup"},
    {"/proc/self/stat", Kind::stat},
    {"/proc/self/statm"},
    {"/proc/self/status", Kind::status},
    {"/proc/stat"},
    {"/proc/sys/fs/file-nr"},
    {"/proc/sys/kernel/osrelease"},
    {"/proc/sys/kernel/random/entropy_avail"},
    {"/proc/sys/kernel/random/poolsize"},
    {"/proc/sys/net/netfilter/nf_conntrack_count"},
    {"/proc/sys/net/netfilter/nf_conntrack_max"},
    {"/proc/vmstat"},
    {"/sys/block/*/size"},
    {"/sys/class/hwmon/*/*"},
    {"/sys/class/hwmon/*/device/*"},
    {"/sys/class/net/*/*", Kind::text},
    {"/sys/class/net/*/statistics/rx_nohandler"},
    {"/sys/class/thermal/*/*"},
    {"/sys/devices/system/clocksource/clocksource0/*"},
    {"/sys/devices/system/cpu/*"},
    {"/sys/devices/system/cpu/*/cpufreq/*"},
    {"/sys/fs/selinux/avc/*"},
    {"/sys/fs/selinux/enforce"},
};
constexpr Wanted kOfAProcess[] = {
    {"/io"}, {"/schedstat"}, {"/smaps_rollup"}, {"/statm"}, {"/oom_score_adj"},
    {"/cgroup", Kind::text}, {"/stat", Kind::stat}, {"/status", Kind::status},
};
constexpr std::string_view kOfACgroup[] = {
    "blkio.throttle.io_service_bytes_recursive", "cgroup.controllers", "cgroup.procs", "cpu.cfs_period_us",
    "cpu.cfs_quota_us", "cpu.max", "cpu.pressure", "cpu.stat", "cpuacct.stat", "cpuacct.usage", "cpuset.cpus",
    "cpuset.cpus.effective", "cpuset.effective_cpus", "io.pressure", "io.stat", "memory.current", "memory.events",
    "memory.failcnt", "memory.high", "memory.kmem.usage_in_bytes", "memory.limit_in_bytes", "memory.max",
    "memory.max_usage_in_bytes", "memory.oom_control", "memory.peak", "memory.pressure", "memory.stat",
    "memory.swap.current", "memory.swap.max", "memory.usage_in_bytes", "pids.current", "pids.max",
};
// clang-format on
// Of what lies in a folder of /sys, files of one short line; others trigger something or hold texts.
constexpr std::size_t kAttributeBytesMax = 4096;
constexpr std::uint32_t kFirstPerson = 1000, kNobody = 65534;
constexpr int kCgroupDepthMost = 32;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (!folder) return names;
  while (const dirent* entry =
             ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::uint64_t> numbers_in(const std::string& path) {
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names_in(path))
    if (const auto number = to_unsigned(name)) numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

bool is_file(const std::string& path, mode_t& mode) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return false;
  mode = info.st_mode;
  return S_ISREG(info.st_mode);
}

std::string program_name(std::string_view arguments) {
  std::string_view name = arguments.substr(0, arguments.find('\0'));
  name = name.substr(0, name.find(' '));  // one that calls itself otherwise puts all of its arguments there
  return std::string(name.substr(name.rfind('/') + 1));
}

class Taking {
 public:
  Taking(const OsRoot& root, const SnapshotOptions& options) : root_(root), options_(options) {}

  Snapshot take() {
    learn_names();
    for (const Wanted& wanted : kMachine) add_matching(wanted, "", wanted.path);
    put("/proc/sys/kernel/hostname", "host\n");
    add_processes();
    add_cgroups();
    put("/etc/passwd", passwd());
    for (const ArchiveFile& note : options_.notes) put(note.path, scrub_.text(note.text));
    put("/ullage/left-out.txt", left_out());
    return {.text = pack_archive(files_),
            .files = files_.size(),
            .processes = processes_,
            .left_out = sentences_};
  }

 private:
  void learn_names() {
    if (const auto host = read_file(root_.path("/proc/sys/kernel/hostname"), 4096))
      scrub_.hide_host(trim(*host));
    const auto text = read_file(root_.path("/etc/passwd"), 4u << 20);
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
      std::string_view line = take_until(rest, '\n');
      const std::string_view name = take_until(line, ':');
      take_until(line, ':');
      const auto id = to_unsigned(take_until(line, ':'));
      if (!id || *id > UINT32_MAX || name.empty()) continue;
      const auto user_id = static_cast<std::uint32_t>(*id);
      const bool is_person = user_id >= kFirstPerson && user_id != kNobody;
      if (is_person) scrub_.hide_user(name, user_id);
      users_.emplace(user_id, is_person ? "user" + std::to_string(user_id) : std::string(name));
    }
    for (const std::string& person : options_.people)
      if (person != "root") scrub_.hide_user(person, kFirstPerson);
  }

  std::string passwd() const {
    std::string text;
    for (const auto& [id, name] : users_) text += fmt::format("{}:x:{}:{}::/:\n", name, id, id);
    return text;
  }

  // Goes down the path; at a "*" through all names there.
  void add_matching(const Wanted& wanted, const std::string& done, std::string_view rest) {
    const std::size_t star = rest.find('*');
    if (star == std::string_view::npos) {
      const bool is_attribute = wanted.path.find('*') != std::string_view::npos;
      add(done + std::string(rest), wanted.kind, is_attribute);
      return;
    }
    const std::string folder = done + std::string(rest.substr(0, star));
    for (const std::string& name : names_in(root_.path(folder)))
      add_matching(wanted, folder + name, rest.substr(star + 1));
  }

  // False when it is not there, cannot be read, or has no room.
  bool add(const std::string& path, Kind kind, bool is_attribute = false) {
    mode_t mode = 0;
    if (!is_file(root_.path(path), mode) || (is_attribute && (mode & 0444) == 0)) return false;
    const std::size_t bytes_max = is_attribute ? kAttributeBytesMax : options_.limits.bytes_of_a_file;
    const auto text = read_file(root_.path(path), bytes_max + 1);
    if (!text) {
      denied_ += text.error().system_error == EACCES || text.error().system_error == EPERM ? 1 : 0;
      return false;
    }
    if (text->size() > bytes_max || text->find('\0') != std::string::npos) {
      if (!is_attribute) large_.push_back(path);
      return false;
    }
    return put(path, scrubbed(*text, kind));
  }

  std::string scrubbed(const std::string& text, Kind kind) {
    switch (kind) {
      case Kind::numbers:
        return text;
      case Kind::text:
        return scrub_.text(text);
      case Kind::stat:
        return scrub_.stat(text);
      case Kind::status:
        return scrub_.status(text);
      case Kind::mounts:
        return scrub_.mounts(text);
      case Kind::mountinfo:
        return scrub_.mountinfo(text);
      case Kind::sockets:
        return Scrub::sockets(text);
    }
    return {};
  }

  bool put(const std::string& path, std::string text) {
    if (path.find('\n') != std::string::npos || !paths_.insert(path).second) return false;
    if (bytes_ + path.size() + text.size() > options_.limits.bytes) {
      ++without_room_;
      return false;
    }
    bytes_ += path.size() + text.size();
    files_.push_back({path, std::move(text)});
    return true;
  }

  void add_processes() {
    const std::vector<std::uint64_t> pids = numbers_in(root_.path("/proc"));
    for (const std::uint64_t pid : pids) {
      if (processes_ == options_.limits.processes) break;
      const std::string folder = "/proc/" + std::to_string(pid);
      for (const Wanted& wanted : kOfAProcess) add(folder + std::string(wanted.path), wanted.kind);
      if (!paths_.contains(folder + "/stat")) continue;  // it has ended
      ++processes_;
      if (const auto arguments = read_file(root_.path(folder + "/cmdline"), 64u << 10))
        put(folder + "/cmdline",
            scrub_.text(options_.arguments ? options_.arguments(*arguments) : program_name(*arguments)));
      add_threads(folder + "/task");
    }
    if (processes_ == options_.limits.processes && pids.size() > processes_)
      sentences_.push_back(fmt::format("{} of {} processes", pids.size() - processes_, pids.size()));
  }

  void add_threads(const std::string& folder) {
    const std::vector<std::uint64_t> threads = numbers_in(root_.path(folder));
    const std::size_t count = std::min(threads.size(), options_.limits.threads_of_a_process);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string of_one = folder + '/' + std::to_string(threads[i]);
      add(of_one + "/schedstat", Kind::numbers);
      add(of_one + "/status", Kind::status);
      add(of_one + "/children", Kind::numbers);
    }
    threads_left_out_ += threads.size() - count;
  }

  void add_cgroups() {
    const auto mounts = read_file(root_.path("/proc/self/mountinfo"));
    if (!mounts) return;
    for (const CgroupMount& mount : parse_cgroup_mounts(*mounts)) {
      std::vector<std::string> level = {mount.folder};
      std::size_t count = 0;
      for (int depth = 0; !level.empty() && depth < kCgroupDepthMost; ++depth) {
        std::vector<std::string> next;
        for (const std::string& folder : level) {
          if (count++ < options_.limits.cgroups)
            add_cgroup(folder, next);
          else
            ++cgroups_left_out_;
        }
        level.swap(next);
      }
    }
  }

  void add_cgroup(const std::string& folder, std::vector<std::string>& next) {
    const std::string named = scrub_.text(folder);
    for (const std::string_view file : kOfACgroup) {
      const auto text =
          read_file(root_.path(folder + '/' + std::string(file)), options_.limits.bytes_of_a_file);
      if (text) put(named + '/' + std::string(file), *text);
    }
    for (const std::string& name : names_in(root_.path(folder))) {
      struct stat info{};
      const std::string below = folder + '/' + name;
      if (::lstat(root_.path(below).c_str(), &info) == 0 && S_ISDIR(info.st_mode)) next.push_back(below);
    }
  }

  // As sentences, and all of them as one text.
  std::string left_out() {
    const auto say = [&](std::size_t count, std::string_view what) {
      if (count > 0) sentences_.push_back(fmt::format("{} {}", count, what));
    };
    say(threads_left_out_, "threads beyond the first of their process");
    say(cgroups_left_out_, "cgroups beyond the first");
    say(denied_, "files that this user may not read");
    say(without_room_, "files for which there was no room");
    for (const std::string& path : large_) sentences_.push_back(scrub_.text(path) + ", which is too large");
    std::string text =
        "Replaced: the names of the machine and of people, addresses, servers, mount points of your own.\n"
        "Never here: environments, contents of files, connections, open files, names of containers.\n";
    if (!options_.arguments) text += "Of command lines only the program's name is here.\n";
    for (const std::string& sentence : sentences_) text += "Left out: " + sentence + ".\n";
    return text;
  }

  const OsRoot& root_;
  const SnapshotOptions& options_;
  Scrub scrub_;
  std::map<std::uint32_t, std::string> users_;
  std::vector<ArchiveFile> files_;
  std::set<std::string> paths_;
  std::size_t bytes_ = 0, processes_ = 0;
  std::size_t denied_ = 0, without_room_ = 0, threads_left_out_ = 0, cgroups_left_out_ = 0;
  std::vector<std::string> large_, sentences_;
};

}  // namespace

Snapshot take_snapshot(const OsRoot& root, const SnapshotOptions& options) {
  return Taking(root, options).take();
}

}  // namespace ullage::sense
