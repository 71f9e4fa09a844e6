// SPDX-License-Identifier: Apache-2.0
// The datagrams of taskstats: generic netlink, in which a part holds a thread's number and its struct
// taskstats (linux/taskstats.h), whose length grows with its version.
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "sense/kernel_text.h"
#include "sense/proc/exit_records.h"

namespace ullage::sense {

namespace {

constexpr std::uint16_t kFirstVersionWithGroup = 12;
constexpr unsigned char kLastOfGroup = 0x20;  // AGROUP of linux/acct.h, set since taskstats 12
constexpr int kTypeMask = NLA_TYPE_MASK;

// Calls for each attribute that lies whole within the bytes.
template <class Call>
void for_each_attribute(std::span<const char> bytes, Call call) {
  while (bytes.size() >= sizeof(nlattr)) {
    nlattr header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    if (header.nla_len < sizeof(nlattr) || header.nla_len > bytes.size()) return;
    call(header.nla_type & kTypeMask, bytes.subspan(sizeof(nlattr), header.nla_len - sizeof(nlattr)));
    bytes = bytes.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
}

// What an older kernel does not send stays 0.
taskstats copy_stats(std::span<const char> bytes) {
  taskstats stats{};
  std::memcpy(&stats, bytes.data(), std::min(bytes.size(), sizeof(stats)));
  return stats;
}

// Where ac_btime, four bytes, ends in 2106, ac_btime64 goes on.
std::int64_t begin_of(const taskstats& stats) {
  return stats.version >= 10 && stats.ac_btime64 != 0 ? static_cast<std::int64_t>(stats.ac_btime64)
                                                      : stats.ac_btime;
}

std::string_view name_of(const taskstats& stats) {
  return {stats.ac_comm, ::strnlen(stats.ac_comm, sizeof(stats.ac_comm))};
}

// ac_utime and ac_stime are counted in whole timer ticks, of 4 or 10 ms; cpu_run_virtual_total is exact. They
// share it out, as the kernel does for wait4 (cputime_adjust, kernel/sched/cputime.c).
void add_processor_time(ExitRecord& record, const taskstats& stats) {
  const double user = microseconds(stats.ac_utime), system = microseconds(stats.ac_stime);
  const double exact = nanoseconds(stats.cpu_run_virtual_total);
  const double user_share = user + system > 0 ? user / (user + system) : 1;
  record.user_seconds += exact > 0 ? exact * user_share : user;
  record.system_seconds += exact > 0 ? exact * (1 - user_share) : system;
}

void add_to(ExitRecord& record, const taskstats& stats) {
  add_processor_time(record, stats);
  record.resident_peak_bytes = std::max<std::uint64_t>(record.resident_peak_bytes, stats.hiwater_rss * 1024);
  record.minor_faults += stats.ac_minflt;
  record.major_faults += stats.ac_majflt;
  record.voluntary_switches += stats.nvcsw;
  record.involuntary_switches += stats.nivcsw;
  record.read_bytes += stats.read_bytes;
  record.written_bytes += stats.write_bytes;
  record.run_queue_wait_seconds += nanoseconds(stats.cpu_delay_total);
  record.has_run_queue_wait = record.has_run_queue_wait || stats.cpu_count > 0;
}

// Who the group was, as its leader tells it; another thread stands in where the leader's record was lost.
void describe(ExitRecord& record, const taskstats& stats, std::int64_t pid) {
  const bool is_leader = stats.ac_pid == pid;
  if (!is_leader && !record.name.empty()) return;
  record.pid = pid;
  record.parent_pid = stats.ac_ppid;
  record.user_id = stats.ac_uid;
  record.name.assign(name_of(stats));
  record.begin_seconds = begin_of(stats);
  record.exit_status = stats.ac_exitcode;
}

}  // namespace

void ExitRecordJoiner::add(std::span<const char> datagram, std::vector<ExitRecord>& records) {
  while (datagram.size() >= NLMSG_HDRLEN) {
    nlmsghdr message;
    std::memcpy(&message, datagram.data(), sizeof(message));
    if (message.nlmsg_len < NLMSG_HDRLEN || message.nlmsg_len > datagram.size()) return;
    const auto body = datagram.subspan(NLMSG_HDRLEN, message.nlmsg_len - NLMSG_HDRLEN);
    if (message.nlmsg_type >= NLMSG_MIN_TYPE && body.size() >= GENL_HDRLEN) {
      for_each_attribute(body.subspan(GENL_HDRLEN), [&](int type, std::span<const char> part) {
        // TASKSTATS_TYPE_AGGR_TGID, which may follow, has delays only; those are summed here already.
        if (type != TASKSTATS_TYPE_AGGR_PID) return;
        for_each_attribute(part, [&](int kind, std::span<const char> stats) {
          if (kind == TASKSTATS_TYPE_STATS) add_thread(stats, records);
        });
      });
    }
    datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(message.nlmsg_len), datagram.size()));
  }
}

void ExitRecordJoiner::add_thread(std::span<const char> bytes, std::vector<ExitRecord>& records) {
  // Version 1 ended before there were names and numbers; nothing is to be had from it.
  if (bytes.size() < offsetof(taskstats, read_char)) return;
  const taskstats stats = copy_stats(bytes);
  const bool knows_group =
      stats.version >= kFirstVersionWithGroup && bytes.size() >= offsetof(taskstats, ac_exe_dev);
  const std::int64_t pid = knows_group ? stats.ac_tgid : stats.ac_pid;
  const bool is_last = !knows_group || (stats.ac_flag & kLastOfGroup) != 0;

  ExitRecord record;
  const auto before = open_.find(pid);
  if (before != open_.end()) record = std::move(before->second);
  add_to(record, stats);
  describe(record, stats, pid);
  record.is_whole_process = knows_group;
  record.elapsed_seconds = microseconds(knows_group ? stats.ac_tgetime : stats.ac_etime);
  if (is_last) {
    if (before != open_.end()) open_.erase(before);
    records.push_back(std::move(record));
  } else if (before != open_.end()) {
    before->second = std::move(record);
  } else if (open_.size() < kOpenGroups) {
    open_.emplace(pid, std::move(record));
  } else {
    ++dropped_groups_;
  }
}

}  // namespace ullage::sense
