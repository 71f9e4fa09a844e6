// SPDX-License-Identifier: Apache-2.0
// For tests: readings of a machine made of a few words, at one-second steps.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sense/processes/process_row.h"
#include "top/machine_view.h"

namespace ullage::top {

constexpr std::uint64_t kMiB = 1 << 20, kGiB = 1 << 30;

class ReadingFixture {
 public:
  ReadingFixture() {
    reading_.host_name = "nest";
    reading_.time_ms = 1'795'502'412'000;
    reading_.capacity = {.memory_bytes = 8 * kGiB,
                         .memory_source = "machine",
                         .cores = 4,
                         .cores_source = "machine",
                         .processes = {}};
    reading_.headroom_bytes = 6 * kGiB;
    reading_.network.emplace();
    reading_.host.memory_total_bytes = 8 * kGiB;
    reading_.host.cached_bytes = kGiB;
    reading_.host.swap_total_bytes = 2 * kGiB;
    reading_.host.swap_free_bytes = 2 * kGiB - 100 * kMiB;
    reading_.host.load = {0.5, 1.25, 2};
    reading_.host.cpu_seconds.emplace();
    reading_.host.pressure.cpu.some_seconds = 0;
    reading_.host.pressure.memory = {.some_seconds = 0, .full_seconds = 0};
    reading_.host.pressure.io = {.some_seconds = 0, .full_seconds = 0};
    reading_.host.disks = {{.device = "vda"}};
  }

  sense::ProcessRow& process(std::int64_t pid, std::int64_t parent, const std::string& name,
                             std::uint64_t mib) {
    sense::ProcessRow row;
    row.sample.pid = pid;
    row.sample.parent_pid = parent;
    row.sample.start_ticks = pid;
    row.sample.name = name;
    row.sample.state = 'S';
    row.sample.threads = 1;
    row.sample.anonymous_bytes = mib * kMiB;
    row.sample.shared_bytes = 0;
    row.sample.swap_bytes = 0;
    row.sample.resident_bytes = (mib + 2) * kMiB;
    row.sample.read_bytes = 0;
    row.sample.written_bytes = 0;
    row.command_line = "/usr/bin/" + name;
    row.group = std::make_shared<sense::ProcessGroup>(sense::ProcessGroup{name, "anna", ""});
    rows_.push_back(std::move(row));
    return rows_.back();
  }
  sense::ProcessRow& row(std::size_t i) { return rows_[i]; }
  std::vector<sense::ProcessRow>& rows() { return rows_; }
  MachineReading& reading() { return reading_; }
  std::vector<std::optional<std::uint64_t>>& headrooms() { return headrooms_; }

  // A second goes by.
  const MachineReading& next(std::chrono::nanoseconds by = std::chrono::seconds(1)) {
    reading_.at += by;
    reading_.time_ms += std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
    reading_.processes = rows_;
    reading_.headrooms = headrooms_;
    return reading_;
  }

 private:
  MachineReading reading_;
  std::vector<sense::ProcessRow> rows_;
  std::vector<std::optional<std::uint64_t>> headrooms_;
};

}  // namespace ullage::top
