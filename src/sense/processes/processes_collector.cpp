// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/processes_collector.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/bpf/task_iterator.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/used_memory.h"
#include "sense/processes/group_books.h"
#include "sense/processes/process_row.h"
#include "sense/processes/process_table.h"
#include "sense/series.h"

namespace ullage::sense {

namespace {

// Below these a process is not among the first, however few there are.
constexpr double kLeastCores = 0.001;
constexpr double kLeastGrowthBytesPerMinute = 64 << 10;
// What lives for seconds has its figures in its group: of its own they would be a sample or two each, of
// hundreds of thousands of series a day where programs are built. One that takes memory quickly is told at
// once.
constexpr std::chrono::seconds kSettledAfter(10);
constexpr double kLargeBytes = 64 << 20;

constexpr const char* kNotLive = "not asked of a machine that is not this one";

std::optional<ExitRecords> open_exit_records(const OsRoot& root, std::string& problem) {
  auto opened = root.is_live() ? ExitRecords::open() : fail(kNotLive);
  if (opened) return std::move(*opened);
  problem = opened.error().text();
  return std::nullopt;
}

std::optional<TaskIterator> open_tasks(const OsRoot& root, bool is_wanted, std::string& problem) {
  Result<TaskIterator> opened = fail("daemon.bpf is false");
  if (is_wanted) opened = root.is_live() ? TaskIterator::open() : fail(kNotLive);
  if (opened) return std::move(*opened);
  problem = opened.error().text();
  return std::nullopt;
}

TableOptions with_exits(TableOptions options, bool has_exit_records) {
  options.has_exit_records = has_exit_records;
  return options;
}

// The margin of the choice is a quarter on top.
std::size_t without_margin(std::size_t most) { return std::max<std::size_t>(1, most * 4 / 5); }

// The labels of a group and room for one more.
class GroupLabels {
 public:
  GroupLabels(std::string_view group, std::string_view unit, std::string_view user)
      : labels_{{{"group", group}, {"unit", unit}, {"user", user}, {}}} {}
  std::span<const metric::LabelView> plain() const { return {labels_.data(), 3}; }
  std::span<const metric::LabelView> with(std::string_view name, std::string_view value) {
    labels_[3] = {name, value};
    return labels_;
  }

 private:
  std::array<metric::LabelView, 4> labels_;
};

template <class Number>
void add_known(metric::Frame& frame, std::string_view name, const GroupLabels& labels,
               const std::optional<Number>& value) {
  if (value) frame.add(name, labels.plain(), static_cast<double>(*value));
}

void add_group(metric::Frame& frame, GroupLabels labels, const GroupSample& sample) {
  const auto count = [&](std::string_view name, std::uint64_t value) {
    frame.add(name, labels.plain(), static_cast<double>(value));
  };
  add_known(frame, "ullage_group_anonymous_bytes", labels, sample.anonymous_bytes);
  count("ullage_group_births_total", sample.births);
  frame.add("ullage_group_cpu_seconds_total", labels.with("mode", "system"), sample.used.system_seconds);
  frame.add("ullage_group_cpu_seconds_total", labels.with("mode", "user"), sample.used.user_seconds);
  count("ullage_group_deaths_total", sample.deaths);
  add_known(frame, "ullage_group_growth_bytes_per_minute", labels, sample.growth_bytes_per_minute);
  count("ullage_group_largest_process_bytes", sample.largest_process_bytes);
  add_known(frame, "ullage_group_open_files", labels, sample.open_files);
  count("ullage_group_processes", sample.processes);
  add_known(frame, "ullage_group_proportional_bytes", labels, sample.proportional_bytes);
  if (sample.is_io_known) count("ullage_group_read_bytes_total", sample.used.read_bytes);
  add_known(frame, "ullage_group_resident_bytes", labels, sample.resident_bytes);
  add_known(frame, "ullage_group_swap_bytes", labels, sample.swap_bytes);
  count("ullage_group_threads", sample.threads);
  if (sample.is_io_known) count("ullage_group_written_bytes_total", sample.used.written_bytes);
}

}  // namespace

ProcessesCollector::ProcessesCollector(const OsRoot& root, const ProcessesOptions& options,
                                       const Clock& clock)
    : clock_(clock),
      exits_(open_exit_records(root, exits_problem_)),
      tasks_(open_tasks(root, options.uses_bpf, tasks_problem_)),
      table_(root, with_exits(options.table, exits_.has_value()), clock),
      books_(options.groups),
      choices_{PidChoice(without_margin(options.processes)), PidChoice(without_margin(options.processes)),
               PidChoice(without_margin(options.processes))} {}

Result<void> ProcessesCollector::collect(metric::Frame& frame) {
  KernelAccounts accounts;
  if (exits_) accounts.exits = exits_->read();
  if (tasks_) accounts.tasks = tasks_->read();
  table_.read(accounts);
  if (table_.rows().empty()) return fail("no process can be read", "/proc");
  count_all();
  books_.take(table_.rows(), table_.ended(), clock_.monotonic());
  choose_processes();
  add_machine(frame);
  add_groups(frame);
  add_processes(frame);
  return {};
}

void ProcessesCollector::count_all() {
  for (const std::size_t i : table_.looked_at()) births_ += table_.rows()[i].was_born ? 1u : 0u;
  for (const EndedProcess& process : table_.ended()) {
    deaths_ += process.ending != Ending::unknown ? 1u : 0u;
    if (process.ending != Ending::unseen) continue;
    ++births_;
    ++unseen_;
  }
}

// In one pass: rows lie in more memory than is in the cache.
void ProcessesCollector::choose_processes() {
  const std::chrono::nanoseconds settled = clock_.monotonic() - kSettledAfter;
  for (auto& candidates : candidates_) candidates.clear();
  for (const ProcessRow& row : table_.rows()) {
    const auto bytes = static_cast<double>(counted_bytes(row.sample));
    const double growth = row.growth_bytes_per_minute.value_or(0);
    std::array<double, kChoices> weights = {bytes,
                                            row.usual_cpu_cores >= kLeastCores ? row.usual_cpu_cores : 0,
                                            growth >= kLeastGrowthBytesPerMinute ? growth : 0};
    if (row.seen_since > settled && bytes < kLargeBytes) weights = {};
    for (std::size_t i = 0; i < kChoices; ++i)
      if (weights[i] > 0) candidates_[i].push_back({row.sample.pid, weights[i]});
  }
  for (std::size_t i = 0; i < kChoices; ++i) choices_[i].choose(candidates_[i]);
}

void ProcessesCollector::add_machine(metric::Frame& frame) const {
  frame.add("ullage_processes", static_cast<double>(table_.rows().size()));
  frame.add("ullage_processes_births_total", static_cast<double>(births_));
  frame.add("ullage_processes_deaths_total", static_cast<double>(deaths_));
  if (exits_) {
    frame.add("ullage_processes_unseen_total", static_cast<double>(unseen_));
    frame.add("ullage_processes_lost_exit_records_total", static_cast<double>(exits_->lost()));
  }
  const HiddenProcesses hidden = table_.hidden();
  frame.add("ullage_processes_hidden", {{"part", "all"}}, static_cast<double>(hidden.whole));
  frame.add("ullage_processes_hidden", {{"part", "io"}}, static_cast<double>(hidden.in_part));
  if (hidden.threads) frame.add("ullage_threads_hidden", static_cast<double>(*hidden.threads));
}

void ProcessesCollector::add_groups(metric::Frame& frame) const {
  for (const GroupBooks::Shown& shown : books_.shown())
    add_group(frame, {shown.group->name, shown.group->unit, shown.group->user}, *shown.sample);
  add_group(frame, {"others", "", ""}, books_.others());
  frame.add("ullage_groups_in_others", static_cast<double>(books_.groups_in_others()));
}

void ProcessesCollector::add_processes(metric::Frame& frame) {
  chosen_.clear();
  for (const PidChoice& choice : choices_)
    chosen_.insert(chosen_.end(), choice.chosen().begin(), choice.chosen().end());
  std::ranges::sort(chosen_);
  const auto repeated = std::ranges::unique(chosen_);
  chosen_.erase(repeated.begin(), repeated.end());
  auto next = table_.rows().begin();
  for (const std::int64_t pid : chosen_) {
    next = std::lower_bound(next, table_.rows().end(), pid, [](const ProcessRow& row, std::int64_t wanted) {
      return row.sample.pid < wanted;
    });
    const ProcessRow& row = *next;  // only rows are chosen
    std::array<char, 24> digits;
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), pid).ptr;
    const std::string name = valid_utf8(row.sample.name);
    const std::array<metric::LabelView, 4> labels = {
        {{"pid", {digits.data(), static_cast<std::size_t>(end - digits.data())}},
         {"name", name},
         {"user", row.group->user},
         {"group", row.group->name}}};
    add_fields(process_fields(), row.sample, labels, frame);
    if (row.growth_bytes_per_minute)
      frame.add("ullage_process_growth_bytes_per_minute", labels, *row.growth_bytes_per_minute);
  }
}

}  // namespace ullage::sense
