// SPDX-License-Identifier: Apache-2.0
// One process of the machine as a plain value: what is kept of all of them for `top` and the web pages, and
// what the books of groups are made from. Arguments are as the kernel has them: whoever shows them masks
// secrets first (run/secrets.h).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sense/proc/process_tree.h"

namespace ullage::sense {

// What belongs together in the eyes of whoever runs the machine. See group_of.h.
struct ProcessGroup {
  std::string name;  // "nginx", "docker/1a2b3c4d5e6f", "python3"
  std::string user;  // its name, or its number where it has none; empty where that may not be known
  std::string unit;  // of systemd, or the pod; empty: none
  auto operator<=>(const ProcessGroup&) const = default;
};
using SharedGroup = std::shared_ptr<const ProcessGroup>;

struct ResourceUse {
  double user_seconds = 0, system_seconds = 0;
  std::uint64_t read_bytes = 0, written_bytes = 0;

  void add(const ResourceUse& other) {
    user_seconds += other.user_seconds;
    system_seconds += other.system_seconds;
    read_bytes += other.read_bytes;
    written_bytes += other.written_bytes;
  }
};

struct ProcessRow : TreeProcess {
  SharedGroup group;      // never null
  bool was_born = false;  // since the reading before; of the first reading nobody is
  std::chrono::nanoseconds seen_since = std::chrono::nanoseconds::min();  // of the first reading: always
  ResourceUse used;            // since the reading before; at its first, since its birth
  double cpu_cores = 0;        // at its last reading, which of an idle process is some seconds old
  double usual_cpu_cores = 0;  // over about half a minute
  std::optional<double> growth_bytes_per_minute;
  std::optional<double> growing_seconds;  // for how long it has grown; absent while it does not
};

enum class Ending : unsigned char {
  seen,     // of a process that a reading has shown
  unseen,   // of one that lived and died between two readings
  unknown,  // of children of whom only their parent's credit tells; how many is not known
};

// What has ended since the reading before.
struct EndedProcess {
  SharedGroup group;
  ResourceUse used;  // that no reading has told of yet
  std::uint64_t resident_peak_bytes = 0;
  Ending ending = Ending::seen;
};

}  // namespace ullage::sense
