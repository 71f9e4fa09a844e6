// SPDX-License-Identifier: Apache-2.0
// A snapshot of a machine for a bug report: the files of /proc, /sys and of cgroups that the readers here
// read, scrubbed (scrub.h), as one text that unpacks to a folder tree which looks like that machine. What is
// not in it: environments, the content of anybody's files, who is connected to whom, names of containers;
// arguments of processes unless they are asked for. Bounded; what was left out is said. Blocks; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"
#include "sense/host_archive.h"

namespace ullage::sense {

struct SnapshotLimits {
  std::size_t processes = 2500, threads_of_a_process = 16, cgroups = 500;
  std::size_t bytes_of_a_file = 256u << 10, bytes = 16u << 20;
};

struct SnapshotOptions {
  // What of a process's arguments is shown ('\0' between them, as the kernel has them). Without it the name
  // of the program.
  std::function<std::string(std::string_view arguments)> arguments = {};
  // Further names of people, beside those of /etc/passwd with a number from 1000 on.
  std::vector<std::string> people = {};
  // Texts that go along, scrubbed like the others: under /ullage/.
  std::vector<ArchiveFile> notes = {};
  SnapshotLimits limits = {};
};

struct Snapshot {
  std::string text;
  std::size_t files = 0, processes = 0;
  std::vector<std::string> left_out;  // in sentences; also in the text, as /ullage/left-out.txt
};

Snapshot take_snapshot(const OsRoot& root, const SnapshotOptions& options);

}  // namespace ullage::sense
