// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/thread_sums.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "sense/proc/proc_counters.h"
#include "sense/proc/proc_status.h"
#include "sense/proc/process_files.h"

namespace ullage::sense {

namespace {

using Path = std::array<char, 96>;

Path thread_path(std::int64_t pid, std::int64_t thread, const char* file) {
  Path path;
  std::snprintf(path.data(), path.size(), "%lld/task/%lld/%s", static_cast<long long>(pid),
                static_cast<long long>(thread), file);
  return path;
}

}  // namespace

ThreadSums::Totals ThreadSums::read(std::int64_t pid, ProcessFiles& files) {
  Path folder;
  std::snprintf(folder.data(), folder.size(), "%lld/task", static_cast<long long>(pid));
  if (!files.list_numbers(folder.data(), listing_)) return {};
  std::ranges::sort(listing_);
  if (listing_.size() > kThreadLimit) listing_.resize(kThreadLimit);

  bool wait_known = false, switches_known = false;
  next_.clear();
  for (const std::int64_t id : listing_) {
    const auto before = std::ranges::lower_bound(alive_, id, {}, &Thread::id);
    Thread thread = before != alive_.end() && before->id == id ? *before : Thread{id};
    if (const auto text = files.read_once(thread_path(pid, id, "schedstat").data()))
      if (const auto wait = parse_run_queue_wait(*text)) {
        thread.wait_seconds = std::max(thread.wait_seconds, *wait);
        wait_known = true;
      }
    if (const auto text = files.read_once(thread_path(pid, id, "status").data())) {
      const ProcStatus status = parse_proc_status(*text);
      switches_known = switches_known || (status.voluntary_switches && status.involuntary_switches);
      thread.voluntary = std::max(thread.voluntary, status.voluntary_switches.value_or(0));
      thread.involuntary = std::max(thread.involuntary, status.involuntary_switches.value_or(0));
    }
    next_.push_back(thread);
  }

  Thread sum{0};
  const auto add = [](Thread& to, const Thread& thread) {
    to.wait_seconds += thread.wait_seconds;
    to.voluntary += thread.voluntary;
    to.involuntary += thread.involuntary;
  };
  for (const Thread& thread : alive_)
    if (!std::ranges::binary_search(next_, thread.id, {}, &Thread::id)) add(ended_, thread);
  alive_.swap(next_);
  for (const Thread& thread : alive_) add(sum, thread);
  add(sum, ended_);

  Totals totals;
  if (wait_known) totals.run_queue_wait_seconds = sum.wait_seconds;
  if (switches_known) {
    totals.voluntary_switches = sum.voluntary;
    totals.involuntary_switches = sum.involuntary;
  }
  return totals;
}

}  // namespace ullage::sense
