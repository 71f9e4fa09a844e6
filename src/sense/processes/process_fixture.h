// SPDX-License-Identifier: Apache-2.0
// For tests: a machine of processes that are files.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sense/fixture.h"
#include "sense/processes/process_row.h"

namespace ullage::sense {

struct FixtureProcess {
  std::int64_t pid = 0, parent = 1;
  std::string_view name = "work";
  int user_ticks = 0, system_ticks = 0;  // of 10 ms
  int pages = 1000;
  int threads = 1;
  int start = 500;
  std::uint32_t user_id = 1000;
  std::string_view cgroup = "/";
  std::uint64_t read_bytes = 0, written_bytes = 0;
  int anonymous_kib = 3000;
};

using Pids = std::vector<std::int64_t>;
inline Pids pids(std::span<const ProcessRow> rows) {
  Pids found;
  for (const ProcessRow& row : rows) found.push_back(row.sample.pid);
  return found;
}

class FixtureMachine : public Fixture {
 public:
  FixtureMachine() {
    write("/etc/passwd", "root:x:0:0::/:/bin/sh\nanna:x:1000:1000::/:/bin/sh\nbert:x:1001:1001::/:/bin/sh\n");
    write("/proc/loadavg", "0 0 0 1/1 1\n");
  }
  void process(const FixtureProcess& process) {
    const std::string folder = fmt::format("/proc/{}/", process.pid);
    write(
        folder + "stat",
        fmt::format("{} ({}) S {} 1 1 0 -1 0 10 0 0 0 {} {} 0 0 20 0 {} 0 {} 100000 {} 18446744073709551615 "
                    "1 1 0 0\n",
                    process.pid, process.name, process.parent, process.user_ticks, process.system_ticks,
                    process.threads, process.start, process.pages));
    write(folder + "status",
          fmt::format(
              "Umask:\t0022\nUid:\t{0}\t{0}\t{0}\t{0}\nVmHWM: 4100 kB\nVmRSS: 4000 kB\nRssAnon: {1} kB\n"
              "RssFile: 600 kB\nRssShmem: 400 kB\nVmSwap: 8 kB\n",
              process.user_id, process.anonymous_kib));
    write(folder + "cmdline", std::string(process.name) + std::string("\0--token=secret", 15));
    write(folder + "cgroup", fmt::format("0::{}\n", process.cgroup));
    write(folder + "io", fmt::format("rchar: 1\nread_bytes: {}\nwrite_bytes: {}\n", process.read_bytes,
                                     process.written_bytes));
    changed();
  }
  void end(std::int64_t pid) {
    remove(fmt::format("/proc/{}", pid));
    changed();
  }
  // Something was born or has died.
  void changed() { write("/proc/loadavg", fmt::format("0 0 0 1/1 {}\n", ++changes_)); }

 private:
  int changes_ = 1;
};

}  // namespace ullage::sense
