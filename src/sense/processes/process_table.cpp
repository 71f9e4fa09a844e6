// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/process_table.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "sense/bpf/task_iterator.h"
#include "sense/kernel_file.h"
#include "sense/proc/costly_turn.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_files.h"
#include "sense/proc/process_tree.h"
#include "sense/processes/process_row.h"
#include "sense/processes/table_groups.h"
#include "sense/processes/table_member.h"
#include "sense/processes/table_rows.h"
#include "sense/processes/unseen_children.h"
#include "sense/sample.h"

namespace ullage::sense {

using std::chrono::seconds;

namespace {

constexpr std::chrono::nanoseconds kListAtLeastEvery =
    seconds(5);  // those of another PID namespace make no number here
constexpr std::chrono::nanoseconds kListTasksEvery = seconds(30);
constexpr int kFirstReadingShare = 10;  // of the first reading: so many times the usual time for details
constexpr int kMostAncestors = 16;
constexpr std::ptrdiff_t kTurnsMost = 64;  // of PSS a tick
constexpr int kReadingsToWaitForRecord = 2;

// Where /proc is mounted so that others' processes are not even listed.
bool hides_processes(const OsRoot& root) {
  const auto mounts = read_file(root.path("/proc/self/mountinfo"));
  if (!mounts) return false;
  std::string_view rest = *mounts, line;
  while (!rest.empty()) {
    line = take_until(rest, '\n');
    if (line.find(" - proc ") == std::string_view::npos) continue;
    for (const std::string_view option :
         {"hidepid=2", "hidepid=invisible", "hidepid=4", "hidepid=ptraceable"})
      if (line.find(option) != std::string_view::npos) return true;
  }
  return false;
}

// Whether there is anything to take in.
bool says_something(const TaskNews& news) {
  return news.ran.count() > 0 || news.has_moved || news.has_io || news.is_elsewhere || news.memory_has_moved;
}

}  // namespace

struct ProcessTable::Impl {
  // One that is gone and whose exit record has not come yet.
  struct Waiting {
    std::unique_ptr<TableMember> member;
    SharedGroup group;
    std::uint64_t peak_bytes;
    int readings_left = kReadingsToWaitForRecord;
  };

  // One that went at this reading, and what it and its children had used.
  struct Gone {
    std::int64_t parent_pid;
    ResourceUse used;
  };

  Impl(OsRoot os_root, const TableOptions& table_options, const Clock& table_clock)
      : root(std::move(os_root)),
        options(table_options),
        clock(table_clock),
        files(root, options.open_file_limit),
        budget(options.costly_share, clock),
        groups(root),
        loadavg(root.path("/proc/loadavg")),
        is_hiding(hides_processes(root)),
        processors(std::max(1.0, static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN)))) {}

  OsRoot root;
  TableOptions options;
  const Clock& clock;
  ProcessFiles files;
  CostlyBudget budget;
  TableGroups groups;
  KernelFile loadavg;
  bool is_hiding;
  double processors;
  TableRows rows;
  std::vector<std::size_t> awake;  // the rows that are looked at this time, in their order
  std::vector<std::size_t> in_turn;
  std::vector<EndedProcess> ended;
  std::map<std::int64_t, Waiting> waiting;
  std::vector<ExitRecord> unseen;
  UnseenChildren unseen_children;
  std::map<std::int64_t, Gone> gone;
  std::vector<ProportionalTurn> turn;
  std::vector<std::int64_t> listing, tasks_now, tasks_before, untold, births;
  std::string text, births_and_deaths;
  std::chrono::nanoseconds now{0}, read_at{0}, listed_at{0};
  bool has_read = false, has_listed = false;
  std::size_t hidden_whole = 0, details_from = 0;
  OptionalCount threads_in_all;

  void read(const KernelAccounts& accounts, Freshness freshness);
  void take_exits(std::span<const ExitRecord> exits);
  void forget_what_was_told();
  void wake(std::span<const TaskNews> tasks, Freshness freshness);
  bool is_listing_due();
  void list(std::span<const TaskNews> tasks, Freshness freshness);
  void merge_listing();
  void remove_gone();
  void end_row(const ProcessRow& row, std::unique_ptr<TableMember> member);
  void end(Waiting& ending);
  void end_waiting();
  void read_stats(Freshness freshness);
  void drop_gone();
  void read_details();
  void read_proportional_turn();
  void set_turn(std::size_t index);
  void name_groups();
  void end_unseen();
  std::string_view cgroup_of_ancestor(std::int64_t parent_pid) const;
  void account();
  void end_unseen_children();
};

void ProcessTable::Impl::read(const KernelAccounts& accounts, Freshness freshness) {
  now = clock.monotonic();
  budget.earn(now);
  forget_what_was_told();
  take_exits(accounts.exits);
  list(accounts.tasks, freshness);
  wake(accounts.tasks, freshness);
  read_stats(freshness);
  drop_gone();
  read_details();
  read_proportional_turn();
  name_groups();
  end_unseen();
  end_waiting();
  account();
  if (!options.has_exit_records) end_unseen_children();
  read_at = now;
  has_read = true;
}

void ProcessTable::Impl::forget_what_was_told() {
  ended.clear();
  for (const std::size_t i : awake) {
    ProcessRow& row = rows.row(i);
    row.is_new = row.was_born = false;
    row.used = {};
    row.spike_bytes = 0;
  }
  awake.clear();
}

void ProcessTable::Impl::take_exits(std::span<const ExitRecord> exits) {
  unseen.clear();
  for (const ExitRecord& record : exits) {
    // A thread's, which /proc counts with its process: these records are of no use here.
    if (!record.is_whole_process) options.has_exit_records = false;
    if (!options.has_exit_records) continue;
    const auto late = waiting.find(record.pid);
    if (late != waiting.end() && !late->second.member->has_exited()) {
      late->second.member->take_exit(record);
    } else if (const std::size_t i = rows.find(record.pid); i < rows.size() && !rows.member(i).has_exited()) {
      rows.member(i).take_exit(record);
      rows.alarms()[i].at = now;
    } else {
      unseen.push_back(record);
    }
  }
}

void ProcessTable::Impl::wake(std::span<const TaskNews> tasks, Freshness freshness) {
  auto news = tasks.begin();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TableAlarm& alarm = rows.alarms()[i];
    while (news != tasks.end() && news->pid < alarm.pid) ++news;
    const TaskNews* told = news != tasks.end() && news->pid == alarm.pid ? &*news : nullptr;
    const bool is_news = told != nullptr ? !alarm.is_told || says_something(*told) : alarm.is_told;
    if (is_news) rows.member(i).take_news(told, root, rows.row(i), now, read_at);
    alarm.is_told = told != nullptr;
    if (is_news || now >= alarm.at || freshness == Freshness::all) awake.push_back(i);
  }
}

// "0.16 0.08 0.04 2/100 8070": threads that there are, and the last number given out (loadavg_proc_show,
// fs/proc/loadavg.c). Where both are as before, nothing was born or has died.
bool ProcessTable::Impl::is_listing_due() {
  const auto read_text = loadavg.read(text);
  if (!read_text) return true;
  std::string_view rest = *read_text;
  take_until(rest, '/');
  const bool is_same = rest == births_and_deaths;
  births_and_deaths.assign(rest);
  threads_in_all = to_unsigned(take_word(rest));
  return !is_same || !has_listed || now - listed_at >= kListAtLeastEvery;
}

// Where the kernel tells of its tasks, whom it tells of for the first time was born, and whom it tells of no
// more has died. A listing now and then has those whom it keeps to itself. What it tells of those whom /proc
// hides is of no use.
void ProcessTable::Impl::list(std::span<const TaskNews> tasks, Freshness freshness) {
  tasks_before.swap(tasks_now);
  tasks_now.clear();
  for (const TaskNews& news : tasks) tasks_now.push_back(news.pid);
  const bool are_told = !is_hiding && !tasks_before.empty() && !tasks_now.empty();
  const bool is_due = are_told ? !has_listed || now - listed_at >= kListTasksEvery : is_listing_due();
  if (is_due || freshness == Freshness::all) {
    if (!files.list_numbers(".", listing)) return;
    if (!std::ranges::is_sorted(listing)) std::ranges::sort(listing);
    has_listed = true;
    listed_at = now;
    hidden_whole = 0;
  } else if (are_told && tasks_before != tasks_now) {
    untold.clear();
    for (const TableAlarm& alarm : rows.alarms())
      if (!std::ranges::binary_search(tasks_before, alarm.pid)) untold.push_back(alarm.pid);
    listing.clear();
    std::ranges::set_union(tasks_now, untold, std::back_inserter(listing));
  } else {
    return;
  }
  merge_listing();
}

void ProcessTable::Impl::merge_listing() {
  births.clear();
  const std::span<TableAlarm> alarms = rows.alarms();
  auto alarm = alarms.begin();
  for (const std::int64_t pid : listing) {
    for (; alarm != alarms.end() && alarm->pid < pid; ++alarm) alarm->is_gone = true;
    if (alarm != alarms.end() && alarm->pid == pid)
      ++alarm;
    else
      births.push_back(pid);
  }
  for (; alarm != alarms.end(); ++alarm) alarm->is_gone = true;
  remove_gone();
  rows.insert(births);
  for (const std::int64_t pid : births) {
    ProcessRow& row = rows.row(rows.find(pid));
    row.is_new = true;
    row.was_born = has_read;
    if (has_read) row.seen_since = now;
  }
}

void ProcessTable::Impl::remove_gone() {
  rows.remove_gone([this](const ProcessRow& row, std::unique_ptr<TableMember> member) {
    end_row(row, std::move(member));
  });
}

void ProcessTable::Impl::end_row(const ProcessRow& row, std::unique_ptr<TableMember> member) {
  files.close(member->process.handles);
  if (row.group == nullptr) return;  // never read
  const std::int64_t pid = row.sample.pid;
  if (!options.has_exit_records)
    gone.insert_or_assign(pid, Gone{row.sample.parent_pid, member->use_with_children()});
  // Its number was another's a moment ago, whose record did not come.
  if (const auto before = waiting.find(pid); before != waiting.end()) {
    end(before->second);
    waiting.erase(before);
  }
  const std::uint64_t peak_bytes =
      row.sample.resident_peak_bytes.value_or(row.sample.resident_bytes.value_or(0));
  waiting.emplace(pid, Waiting{.member = std::move(member), .group = row.group, .peak_bytes = peak_bytes});
}

void ProcessTable::Impl::end(Waiting& ending) {
  ended.push_back({.group = ending.group,
                   .used = ending.member->take_last_use(),
                   .resident_peak_bytes = std::max(ending.peak_bytes, ending.member->exit_peak_bytes()),
                   .ending = Ending::seen});
}

void ProcessTable::Impl::end_waiting() {
  for (auto it = waiting.begin(); it != waiting.end();) {
    Waiting& ending = it->second;
    const bool is_settled =
        ending.member->has_exited() || !options.has_exit_records || ending.readings_left-- == 0;
    if (is_settled) end(ending);
    it = is_settled ? waiting.erase(it) : std::next(it);
  }
}

void ProcessTable::Impl::read_stats(Freshness freshness) {
  for (const std::size_t i : awake) {
    TableMember& member = rows.member(i);
    if (freshness == Freshness::usual && !member.is_due(now)) continue;
    const auto stat = files.read(rows.row(i).sample.pid, ProcessFile::stat, member.process.handles);
    if (!stat && files.was_short() && !rows.row(i).is_new) continue;
    if (stat && member.take_stat(*stat, root, rows.row(i), now, read_at)) continue;
    rows.alarms()[i].is_gone = true;
    if (!stat && files.was_denied()) ++hidden_whole;
  }
}

void ProcessTable::Impl::drop_gone() {
  std::size_t still_awake = 0, gone_before = 0;
  for (const std::size_t i : awake) {
    if (rows.alarms()[i].is_gone)
      ++gone_before;
    else
      awake[still_awake++] = i - gone_before;
  }
  if (gone_before == 0) return;
  awake.resize(still_awake);
  remove_gone();
  // Its number may be another's already, who was born since the listing.
  has_listed = false;
}

// Goes on where the time was up at the tick before.
void ProcessTable::Impl::read_details() {
  const std::chrono::nanoseconds begin = clock.monotonic();
  const std::chrono::nanoseconds time =
      has_read ? options.details_time : options.details_time * kFirstReadingShare;
  const auto first = static_cast<std::size_t>(std::ranges::lower_bound(awake, details_from) - awake.begin());
  for (std::size_t n = 0; n < awake.size(); ++n) {
    const std::size_t i = awake[(first + n) % awake.size()];
    if (!rows.member(i).wants_details(rows.row(i), now)) continue;
    if (clock.monotonic() - begin > time) {
      details_from = i;
      return;
    }
    rows.member(i).read_details(files, rows.row(i), now);
  }
}

// Of those who wait, the weightiest few; of a thousand the others are not touched.
void ProcessTable::Impl::read_proportional_turn() {
  for (const std::size_t i : awake) set_turn(i);
  in_turn.clear();
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows.alarms()[i].wants_proportional) in_turn.push_back(i);
  if (std::ssize(in_turn) > kTurnsMost) {
    const auto is_heavier = [&](std::size_t a, std::size_t b) {
      const auto weight = [&](const TableAlarm& alarm) {
        return to_seconds(now - alarm.proportional_at) * static_cast<double>(alarm.resident_bytes);
      };
      return weight(rows.alarms()[a]) > weight(rows.alarms()[b]);
    };
    std::ranges::nth_element(in_turn, in_turn.begin() + kTurnsMost, is_heavier);
    in_turn.resize(kTurnsMost);
  }
  turn.clear();
  for (const std::size_t i : in_turn)
    turn.push_back({.process = &rows.row(i), .tracked = &rows.member(i).process});
  read_proportional_in_turn(turn, files, budget, now);
  for (const std::size_t i : in_turn) set_turn(i);
}

void ProcessTable::Impl::set_turn(std::size_t index) {
  TableAlarm& alarm = rows.alarms()[index];
  alarm.wants_proportional = rows.member(index).wants_proportional(rows.row(index), now);
  alarm.resident_bytes = rows.row(index).sample.resident_bytes.value_or(0);
  alarm.proportional_at = rows.member(index).proportional_at();
}

void ProcessTable::Impl::name_groups() {
  const auto name = [this](std::size_t i) {
    TableMember& member = rows.member(i);
    if (!groups.wants(rows.row(i), member)) return;
    // Until its own is read, a process is taken to be where its parent was, as it was at the fork.
    std::size_t parent = rows.size();
    if (!member.has_details || rows.row(i).group == nullptr)
      parent = rows.find(rows.row(i).sample.parent_pid);
    if (member.cgroup_path.empty() && parent < rows.size())
      member.cgroup_path = rows.member(parent).cgroup_path;
    groups.name(rows.row(i), member, parent < rows.size() ? rows.row(parent).sample.user_id : std::nullopt);
  };
  if (groups.begin(now))
    for (std::size_t i = 0; i < rows.size(); ++i) name(i);
  else
    std::ranges::for_each(awake, name);
}

std::string_view ProcessTable::Impl::cgroup_of_ancestor(std::int64_t parent_pid) const {
  for (int step = 0; step < kMostAncestors; ++step) {
    if (const std::size_t i = rows.find(parent_pid); i < rows.size()) return rows.member(i).cgroup_path;
    const auto ending = waiting.find(parent_pid);
    if (ending != waiting.end()) return ending->second.member->cgroup_path;
    const auto other = std::ranges::lower_bound(unseen, parent_pid, {}, &ExitRecord::pid);
    if (other == unseen.end() || other->pid != parent_pid) break;
    parent_pid = other->parent_pid;
  }
  return {};
}

void ProcessTable::Impl::end_unseen() {
  std::ranges::sort(unseen, {}, &ExitRecord::pid);
  for (const ExitRecord& record : unseen)
    ended.push_back({.group = groups.of(cgroup_of_ancestor(record.parent_pid), record.user_id, record.name),
                     .used = {.user_seconds = record.user_seconds,
                              .system_seconds = record.system_seconds,
                              .read_bytes = record.read_bytes,
                              .written_bytes = record.written_bytes},
                     .resident_peak_bytes = record.resident_peak_bytes,
                     .ending = Ending::unseen});
}

void ProcessTable::Impl::account() {
  for (const std::size_t i : awake) {
    rows.member(i).account(rows.row(i), now);
    rows.alarms()[i].at = rows.member(i).next_look(rows.row(i), now);
    rows.alarms()[i].is_denied = rows.member(i).is_denied;
  }
}

// As the parents' credits tell it.
void ProcessTable::Impl::end_unseen_children() {
  for (const auto& [pid, process] : gone) {
    // Whoever went together with its parent is in the credit of that one's parent.
    std::int64_t parent_pid = process.parent_pid;
    for (int step = 0; step < kMostAncestors; ++step) {
      const auto parent = gone.find(parent_pid);
      if (parent == gone.end()) break;
      parent_pid = parent->second.parent_pid;
    }
    const bool is_alive = rows.find(parent_pid) < rows.size();
    unseen_children.end(is_alive ? parent_pid : UnseenChildren::kNobody, process.used, now);
  }
  gone.clear();
  for (const std::size_t i : awake)
    unseen_children.credit(rows.alarms()[i].pid, rows.member(i).children_use());
  const double most_seconds = has_read ? to_seconds(now - read_at) * processors : 0;
  for (const auto& [parent_pid, used] : unseen_children.settle(most_seconds, now)) {
    const std::size_t parent = rows.find(parent_pid);
    if (parent < rows.size())
      ended.push_back({.group = rows.row(parent).group, .used = used, .ending = Ending::unknown});
  }
}

ProcessTable::ProcessTable(const OsRoot& root, const TableOptions& options, const Clock& clock)
    : impl_(std::make_unique<Impl>(root, options, clock)) {}
ProcessTable::~ProcessTable() = default;
ProcessTable::ProcessTable(ProcessTable&&) noexcept = default;
ProcessTable& ProcessTable::operator=(ProcessTable&&) noexcept = default;

std::span<const ProcessRow> ProcessTable::read(const KernelAccounts& accounts, Freshness freshness) {
  impl_->read(accounts, freshness);
  return impl_->rows.all();
}
std::span<const ProcessRow> ProcessTable::rows() const { return impl_->rows.all(); }
std::span<const EndedProcess> ProcessTable::ended() const { return impl_->ended; }

std::span<const std::size_t> ProcessTable::looked_at() const { return impl_->awake; }

HiddenProcesses ProcessTable::hidden() const {
  HiddenProcesses hidden{.whole = impl_->hidden_whole};
  hidden.in_part =
      static_cast<std::size_t>(std::ranges::count(impl_->rows.alarms(), true, &TableAlarm::is_denied));
  if (!impl_->is_hiding || !impl_->threads_in_all) return hidden;
  std::uint64_t threads = 0;
  for (const ProcessRow& row : impl_->rows.all()) threads += row.sample.threads;
  hidden.threads = *impl_->threads_in_all - std::min(*impl_->threads_in_all, threads);
  return hidden;
}

}  // namespace ullage::sense
