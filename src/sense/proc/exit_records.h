// SPDX-License-Identifier: Apache-2.0
// The kernel's own account of every process at its exit (taskstats over netlink, Linux
// Documentation/accounting/ taskstats.rst): complete CPU, I/O and the memory high-water mark of children that
// lived between two ticks. Needs CAP_NET_ADMIN in the first namespaces; the records are of the whole machine,
// with its process numbers, and the caller keeps those of its tree. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
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
  double run_queue_wait_seconds = 0;  // 0 too where the kernel does not account it (has_run_queue_wait)
  bool has_run_queue_wait = false;
  std::uint32_t exit_status = 0;  // as wait(2) has it
  bool is_whole_process = true;   // false before Linux 5.19: of one thread, whichever process it was of
};

// The kernel sends a record for each thread; this puts them together. The record of a group is complete with
// its last thread. Memory is the whole group's in each record, the rest is summed. Before Linux 5.19
// (taskstats 12) a record does not say which group its thread is of, and each thread stands for itself.
class ExitRecordJoiner {
 public:
  // One datagram of the taskstats family; what it completes is appended.
  void add(std::span<const char> datagram, std::vector<ExitRecord>& records);
  std::uint64_t dropped_groups() const { return dropped_groups_; }

 private:
  // Groups of which threads have ended and others live on.
  static constexpr std::size_t kOpenGroups = 16'384;
  std::unordered_map<std::int64_t, ExitRecord> open_;
  std::uint64_t dropped_groups_ = 0;

  void add_thread(std::span<const char> stats, std::vector<ExitRecord>& records);
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
  ExitRecordJoiner joiner_;
  std::vector<ExitRecord> records_;
  std::string buffer_;
  std::uint64_t lost_ = 0;
};

}  // namespace ullage::sense
