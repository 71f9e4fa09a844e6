// SPDX-License-Identifier: Apache-2.0
// A machine whose processes, logins and containers come and go, as files below a folder: what is not of a
// process or a cgroup is this machine's own, linked in. Time is passed in; one seed makes one day.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace program {

class ChurningMachine {
 public:
  ChurningMachine(std::string folder, double births_a_second)
      : folder_(std::move(folder)), births_a_second_(births_a_second) {
    for (const std::string path :
         {"/proc/stat", "/proc/meminfo", "/proc/vmstat", "/proc/diskstats", "/proc/schedstat",
          "/proc/pressure", "/proc/sys", "/proc/1/mounts", "/sys/class", "/sys/block", "/sys/devices",
          "/etc/passwd", "/etc/os-release"})
      link(path, path);
    link("/proc/net", "/proc/self/net");
    make_folder("/proc/self");
    make_folder("/sys/fs/cgroup");
    write("/proc/self/mountinfo", "35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n");
    write("/sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
    be_born("systemd", "/init.scope", 0);
    last_pid_ = kFirstPid - 1;
    for (int i = 0; i < kLongLived; ++i)
      be_born(fmt::format("service-{}", i), fmt::format("/system.slice/s{}.service", i), 0);
  }

  std::uint64_t births() const { return births_; }

  // The seconds since the last call have passed.
  void pass(double seconds) {
    now_seconds_ += seconds;
    for (int i = 0; i < kLongLived; i += 10) work(kFirstPid + i, seconds);
    for (; now_seconds_ >= next_container_seconds_; next_container_seconds_ += 60) start_container();
    for (; now_seconds_ >= next_login_seconds_; next_login_seconds_ += 600) ++login_;
    for (due_births_ += births_a_second_ * seconds; due_births_ >= 1; due_births_ -= 1)
      be_born(std::string(kTools[random_() % std::size(kTools)]),
              fmt::format("/user.slice/user-1000.slice/session-{}.scope", login_),
              one_in(5) ? 1 + static_cast<double>(random_() % 30) : 1 + static_cast<double>(random_() % 4));
    while (!ends_.empty() && ends_.begin()->first <= now_seconds_) {
      end(ends_.begin()->second);
      ends_.erase(ends_.begin());
    }
    write("/proc/loadavg", fmt::format("0.5 0.4 0.3 1/{} {}\n", living_.size(), last_pid_));
  }

 private:
  static constexpr int kLongLived = 100, kFirstPid = 1000;
  static constexpr std::string_view kTools[] = {"sh",   "cc1plus", "as",      "ld",   "sed",
                                                "grep", "git",     "python3", "make", "test"};

  struct Process {
    std::string name, cgroup;
    std::uint64_t ticks = 0, pages = 0;
    bool has_own_cgroup = false;
  };

  bool one_in(std::uint64_t many) { return random_() % many == 0; }
  void link(const std::string& path, const std::string& to) {
    std::filesystem::create_directories(std::filesystem::path(folder_ + path).parent_path());
    std::error_code is_there_already;
    std::filesystem::create_symlink(to, folder_ + path, is_there_already);
  }
  void make_folder(const std::string& path) { std::filesystem::create_directories(folder_ + path); }
  void write(const std::string& path, std::string_view text) {
    std::ofstream(folder_ + path, std::ios::binary) << text;
  }

  // 0 seconds: for ever.
  int be_born(std::string name, std::string cgroup, double seconds) {
    const int pid = ++last_pid_;
    Process process{.name = std::move(name),
                    .cgroup = std::move(cgroup),
                    .ticks = random_() % 200,
                    .pages = 500 + random_() % (one_in(10) ? 50'000 : 5'000)};
    const std::string at = fmt::format("/proc/{}", pid);
    make_folder(at);
    write(at + "/status",
          fmt::format("Uid:\t1000\t1000\t1000\t1000\nVmHWM: {0} kB\nVmRSS: {0} kB\nRssAnon: {1} kB\n"
                      "RssFile: 600 kB\nRssShmem: 0 kB\nVmSwap: 0 kB\n",
                      process.pages * 4, process.pages * 3));
    write(at + "/cmdline", fmt::format("{}\0--of\0{}\0", process.name, pid));
    write(at + "/cgroup", fmt::format("0::{}\n", process.cgroup));
    write(at + "/io", fmt::format("rchar: 1\nread_bytes: {}\nwrite_bytes: {}\n", process.ticks * 4096,
                                  process.ticks * 512));
    living_.emplace(pid, std::move(process));
    write_stat(pid);
    if (seconds > 0) ends_.emplace(now_seconds_ + seconds, pid);
    ++births_;
    return pid;
  }
  void write_stat(int pid) {
    const Process& process = living_.at(pid);
    write(
        fmt::format("/proc/{}/stat", pid),
        fmt::format(
            "{} ({}) S 1 1 1 0 -1 0 10 0 0 0 {} {} 0 0 20 0 1 0 {} 100000 {} 18446744073709551615 1 1 0 0\n",
            pid, process.name, process.ticks, process.ticks / 4, pid, process.pages));
  }
  void work(int pid, double seconds) {
    Process& process = living_.at(pid);
    process.ticks += static_cast<std::uint64_t>(seconds * static_cast<double>(random_() % 50));
    process.pages += random_() % 64;
    process.pages -= std::min<std::uint64_t>(process.pages, random_() % 64);
    write_stat(pid);
  }
  // One a minute, each of which lives half an hour.
  void start_container() {
    const std::string id =
        fmt::format("{:016x}{:016x}{:016x}{:016x}", random_(), random_(), random_(), random_());
    const std::string cgroup = "/system.slice/docker-" + id + ".scope";
    make_folder("/sys/fs/cgroup" + cgroup);
    write("/sys/fs/cgroup" + cgroup + "/memory.current", fmt::format("{}\n", random_() % (1u << 30)));
    write("/sys/fs/cgroup" + cgroup + "/memory.stat", "anon 700\ninactive_file 100\n");
    write("/sys/fs/cgroup" + cgroup + "/cpu.stat",
          "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n");
    living_.at(be_born("contained", cgroup, 1800)).has_own_cgroup = true;
  }
  void end(int pid) {
    const auto found = living_.find(pid);
    if (found->second.has_own_cgroup)
      std::filesystem::remove_all(folder_ + "/sys/fs/cgroup" + found->second.cgroup);
    std::filesystem::remove_all(folder_ + fmt::format("/proc/{}", pid));
    living_.erase(found);
  }

  std::string folder_;
  double births_a_second_, due_births_ = 0, now_seconds_ = 0, next_container_seconds_ = 0,
                           next_login_seconds_ = 600;
  int last_pid_ = 0, login_ = 1;
  std::uint64_t births_ = 0;
  std::map<int, Process> living_;
  std::multimap<double, int> ends_;  // by when
  std::mt19937_64 random_{42};       // NOLINT(bugprone-random-generator-seed): the same day each time
};

}  // namespace program
