// SPDX-License-Identifier: Apache-2.0
// What is left to each process under the tightest limit that applies to it: of its cgroup, one above, or the
// machine. Where a process stands is looked up once and again now and then; what a cgroup leaves is read in
// turn, a bounded number at a time, since thousands may have limits. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/os_root.h"
#include "sense/processes/process_row.h"

namespace ullage::top {

class ProcessHeadroom {
 public:
  explicit ProcessHeadroom(OsRoot root) : root_(std::move(root)) {}

  // In step with the rows; absent where it is not known (yet). Valid until the next call.
  std::span<const std::optional<std::uint64_t>> read(std::span<const sense::ProcessRow> rows,
                                                     std::chrono::nanoseconds now);

 private:
  struct Place {  // where processes stand: the text of their /proc/PID/cgroup
    std::optional<std::uint64_t> headroom_bytes;
    std::optional<std::chrono::nanoseconds> read_at;
    std::int64_t pid = 0;  // one that stands there
    std::size_t round = 0;
  };
  struct Known {
    std::int64_t start_ticks = 0;
    std::optional<std::chrono::nanoseconds> looked_at;
    std::string place;
    std::size_t round = 0;
  };
  void look_up(const sense::ProcessRow& row, std::chrono::nanoseconds now, std::size_t& look_ups_left);
  void renew_places(std::chrono::nanoseconds now);

  OsRoot root_;
  std::map<std::string, Place> places_;
  std::unordered_map<std::int64_t, Known> known_;
  std::vector<std::optional<std::uint64_t>> headrooms_;
  std::size_t round_ = 0;
};

}  // namespace ullage::top
