// SPDX-License-Identifier: Apache-2.0
// The kernel's own account of every process at its exit (taskstats over netlink): complete CPU, I/O and
// the memory high-water mark of children that lived between two ticks. Needs CAP_NET_ADMIN; the records
// are of the whole machine, and the caller keeps those of its tree. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ullage::sense {

struct ExitRecord {  // of one thread group, at the end of its last thread
  std::int64_t pid = 0;
  std::int64_t parent_pid = 0;
  std::uint32_t user_id = 0;
  std::int64_t begin_seconds = 0;  // wall clock
  std::string name;
  double elapsed_seconds = 0;
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t resident_peak_bytes = 0;  // hiwater_rss
  std::uint64_t minor_faults = 0, major_faults = 0;
  std::uint64_t voluntary_switches = 0, involuntary_switches = 0;
  std::uint64_t read_bytes = 0, written_bytes = 0;
  double run_queue_wait_seconds = 0;
  std::uint32_t exit_status = 0;  // as wait(2) has it
};

class ExitRecords {
 public:
  static Result<ExitRecords> open();        // an error says which privilege is missing
  int fd() const { return socket_.get(); }  // readable when there are records
  // What has come since the last call. lost() grows when the kernel's queue overflowed.
  std::span<const ExitRecord> read();
  std::uint64_t lost() const { return lost_; }

 private:
  FileDescriptor socket_;
  std::vector<ExitRecord> records_;
  std::string buffer_;
  std::uint64_t lost_ = 0;
};

// One datagram of the taskstats family, for tests and the fuzzer.
void parse_exit_records(std::span<const char> datagram, std::vector<ExitRecord>& records);

}  // namespace ullage::sense
