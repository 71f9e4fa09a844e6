// SPDX-License-Identifier: Apache-2.0
// /proc/stat (Linux Documentation/filesystems/proc.rst, 1.7): the time of each processor by mode, and the
// counts that stand below it. One reading serves both, since the kernel sums all interrupts for it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class StatCollector final : public FileCollector {
 public:
  explicit StatCollector(const OsRoot& root)
      : FileCollector(root, "/proc/stat"), ticks_per_second_(static_cast<double>(root.ticks_per_second)) {}

 private:
  static constexpr std::size_t kModes = 10;
  using Seconds = std::array<double, kModes>;

  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
  bool add_processor(std::string_view cpu, std::string_view ticks, metric::Frame& frame);
  // Idle and I/O wait of a processor may go back by some ticks, which would read as a restart of the counter:
  // the greatest value seen is kept until it falls by seconds, as when a processor is taken out and put back.
  const Seconds& never_back(std::size_t cpu, const Seconds& seconds);

  double ticks_per_second_;
  std::vector<Seconds> greatest_;  // by number of processor
};

}  // namespace ullage::sense
