// SPDX-License-Identifier: Apache-2.0
#include "session/supervisor.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "act/cage.h"
#include "act/child.h"
#include "act/command_lookup.h"
#include "act/guard.h"
#include "act/process_stat.h"
#include "act/terminal.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "run/catalog.h"
#include "run/record.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/proc/process_tree.h"
#include "sense/sample.h"
#include "session/accounts.h"
#include "session/command_socket.h"
#include "session/enforcer.h"
#include "session/heap_profile.h"
#include "session/memory_watch.h"
#include "session/oom_evidence.h"
#include "session/own_cgroup.h"
#include "session/pace.h"
#include "session/reading.h"
#include "session/recorder.h"
#include "session/run_options.h"
#include "session/start_record.h"
#include "session/unprofiled.h"

namespace ullage::session {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kFlushEvery = std::chrono::seconds(1);
// The first is early, so that a run shows up in the list as soon as it is one.
constexpr nanoseconds kFirstFlush = std::chrono::milliseconds(100);
constexpr int kExitTimedOut = 124;
// A trend that has been gone for this long foretold nothing.
constexpr std::int64_t kForeseeableMs = 5'000;

std::vector<act::KillGuard::Member> kill_members(std::span<const sense::TreeProcess> living) {
  std::vector<act::KillGuard::Member> members;
  members.reserve(living.size());
  for (const sense::TreeProcess& process : living)
    members.push_back({static_cast<pid_t>(process.sample.pid), process.sample.start_ticks});
  return members;
}

class Supervisor {
 public:
  Supervisor(EventLoop& loop, const RunOptions& options, const Clock& clock, const OsRoot& root,
             const Say& say)
      : options_(options),
        clock_(clock),
        root_(root),
        say_(say),
        loop_(loop),
        pace_(options.interval),
        own_watch_(options.warn_at, to_seconds(options.horizon)),
        outer_watch_(options.warn_at, to_seconds(options.horizon)),
        enforcer_(loop_, options.grace,
                  [this](const std::string& sentence) { tell("limit", "critical", sentence); }) {}

  Result<Outcome> run();

 private:
  // In the order of a run's life.
  Result<void> prepare();
  Result<void> hold_limits(const std::string& id);
  void guard_run();
  Result<void> prepare_child();
  void profile_heap(std::map<std::string, std::string>& environment);
  Result<void> start();
  void look(Reading::Depth depth);
  void judge(const Look& look);
  void warn(MemoryWatch& watch, const MemoryReading& reading);
  void hold_own_limits(const Look& look);
  void tell_refused_starts();
  void flush_if_due();
  void keep(Result<void> (Recorder::*write)(const Accounts&));
  void schedule();
  void on_signal(int signal);
  void on_command_end();
  void reap_orphans();
  bool nobody_is_left() const;
  void leave_out(pid_t helper);
  Outcome finish();

  void tell(std::string kind, std::string severity, const std::string& sentence);
  nanoseconds elapsed() const { return clock_.monotonic() - started_; }
  // From the start by the monotonic clock: setting the wall clock back does not reorder a run.
  std::int64_t time_ms() const {
    return recorder_->record().started_ms +
           std::chrono::duration_cast<std::chrono::milliseconds>(elapsed()).count();
  }

  const RunOptions& options_;
  const Clock& clock_;
  const OsRoot& root_;
  const Say& say_;
  EventLoop& loop_;
  Pace pace_;
  MemoryWatch own_watch_, outer_watch_;
  Enforcer enforcer_;

  Surroundings around_;
  std::string file_path_;
  std::optional<act::Cage> cage_;
  std::optional<act::SignalRelay> signals_;
  std::optional<CommandSocket> socket_;
  std::optional<act::KillGuard> kill_guard_;
  std::optional<act::Child> child_;
  std::optional<Reading> reading_;
  std::optional<Recorder> recorder_;
  std::optional<Accounts> accounts_;
  std::optional<OomWitness> oom_witness_;
  std::optional<Unprofiled> unprofiled_;
  EventLoop::Handle timer_, child_watch_, timeout_;

  nanoseconds started_{0}, flushed_{0}, cpu_before_{0}, cpu_at_look_{0};
  std::optional<act::ExitStatus> status_;
  bool timed_out_ = false, own_limit_acted_ = false, pressure_acted_ = false, storage_failed_ = false;
  bool refusal_told_ = false;
  std::string placement_problem_, guard_problem_, heap_problem_;
  std::set<pid_t> helpers_;  // children of our own doing that live
  std::optional<std::int64_t> foreseeable_ms_;
  std::int64_t last_look_ms_ = 0, foreseeable_seen_ms_ = 0;
};

Result<Outcome> Supervisor::run() {
  auto going = prepare();
  if (going) going = start();
  if (!going) {
    if (!file_path_.empty()) run::remove_run(file_path_);  // nothing has run
    return pass_on(going);
  }
  loop_.run();
  return finish();
}

Result<void> Supervisor::prepare() {
  started_ = clock_.monotonic();
  around_ = look_around(root_);
  auto folder = run::runs_folder(options_.state_directory);
  const std::string id = fresh_run_id(clock_.wall_ms());
  run::Record record = start_record(options_, around_, root_, id, clock_.wall_ms());
  if (folder) file_path_ = *folder + "/" + id + ".ullage";
  if (auto held = hold_limits(id); !held) return held;
  auto signals = act::SignalRelay::start(loop_, [this](int signal) { on_signal(signal); });
  if (!signals) return pass_on(signals);
  signals_ = *std::move(signals);
  if (auto adopts = act::become_subreaper(); !adopts) return adopts;
  socket_.emplace(loop_, id, options_.environment);
  if (auto ready = prepare_child(); !ready) return ready;
  put_limits(record, options_, around_, cage_->limits());

  sense::CgroupPlace watched = own_place(around_.place, *cage_);
  const bool own = is_anywhere(watched);
  if (!own) watched = around_.place;
  const std::string cgroup_id = !watched.unified.empty() ? watched.unified : watched.memory;
  reading_.emplace(root_, clock_,
                   ReadingOptions{.command_pid = child_->pid(),
                                  .supervisor_pid = ::getpid(),
                                  .cage_folder = cage_->unified_folder(),
                                  .around = around_.place,
                                  .cgroup = std::move(watched),
                                  .cgroup_is_own = own,
                                  .costly_share = options_.costly_share});
  recorder_.emplace(file_path_, std::move(record),
                    RecorderOptions{.cgroup_is_own = own, .cgroup_id = cgroup_id});
  accounts_.emplace(::getpid(), options_.process_rows);
  oom_witness_.emplace(root_, around_.place);
  if (kill_guard_) accounts_->leave_out(kill_guard_->pid()), reading_->leave_out(kill_guard_->pid());
  if (!guard_problem_.empty()) tell("process", "warning", guard_problem_);
  if (!placement_problem_.empty() && options_.limits.any())
    tell("limit", "warning", "a limit does not hold: " + placement_problem_);
  if (socket_->problem())
    tell("socket", "warning", "the command has no ULLAGE_SOCKET: " + socket_->problem()->text());
  if (!heap_problem_.empty()) tell("heap", "warning", heap_problem_);
  if (unprofiled_ && !heap_problem_.empty()) unprofiled_->leave_out(child_->pid());
  if (!folder)
    storage_failed_ = true, tell("storage", "warning", "this run will not be kept: " + folder.error().text());
  return {};
}

Result<void> Supervisor::hold_limits(const std::string& id) {
  const act::CageSites sites = cage_sites(around_.place);
  act::remove_stale_cages(root_, sites);
  cage_ = act::Cage::prepare(root_, sites, id, options_.limits);
  if (!options_.strict) return {};
  for (const act::HeldLimit& limit : cage_->limits())
    if (limit.mechanism != act::Mechanism::cgroup_v2 && limit.mechanism != act::Mechanism::cgroup_v1)
      return fail("cannot be held by the kernel: " + limit.problem, "--" + limit.resource,
                  "leave --strict out to have it held by " + std::string(to_string(limit.mechanism)));
  return {};
}

void Supervisor::guard_run() {
  auto guard = act::KillGuard::start(cage_->cgroup_fd());
  if (guard)
    kill_guard_ = *std::move(guard);
  else
    guard_problem_ = "--kill-with-me reaches the command alone: " + guard.error().text();
}

Result<void> Supervisor::prepare_child() {
  if (options_.kill_with_me) guard_run();
  act::ChildSpec spec{.command = options_.command,
                      .cgroup_fd = cage_->cgroup_fd(),
                      .cgroup_procs_files = cage_->v1_procs_files(),
                      .processors = cage_->processors(),
                      // All of it dies by the guard, which would miss the children of a command that is gone.
                      .die_with_parent = options_.kill_with_me && !kill_guard_};
  std::map<std::string, std::string> environment = options_.environment;
  if (options_.heap) profile_heap(environment);
  for (const auto& [name, value] : environment)
    if (name != "ULLAGE_SOCKET") spec.environment.push_back(name + '=' + value);
  if (!socket_->path().empty()) spec.environment.push_back("ULLAGE_SOCKET=" + socket_->path());
  auto child = act::Child::prepare(spec);
  if (!child) return pass_on(child);
  child_ = *std::move(child);
  if (kill_guard_)
    kill_guard_->watch({{{.pid = child_->pid(), .start_ticks = act::start_ticks_of(child_->pid())}}});
  placement_problem_ = child_->placement_problem();
  if (!placement_problem_.empty()) {
    if (options_.strict && options_.limits.any()) return fail("a limit does not hold: " + placement_problem_);
    cage_->give_up(placement_problem_);
  }
  signals_->set_child(child_->pid());
  enforcer_.aim(
      {.command = child_->pid(),
       .members = [this] { return reading_ ? reading_->members() : std::vector<pid_t>{child_->pid()}; },
       .cage = &*cage_,
       .leave_out = [this](pid_t helper) { leave_out(helper); },
       .environment = spec.environment});
  return {};
}

void Supervisor::profile_heap(std::map<std::string, std::string>& environment) {
  std::vector<std::string> listed;
  for (const auto& [name, value] : options_.environment) listed.push_back(name + '=' + value);
  const auto program = act::find_command(options_.command.front(), listed, options_.working_directory);
  const std::string why = program ? why_not_profiled(*program) : std::string();
  if (!why.empty()) heap_problem_ = "no heap profile of " + printable(options_.command.front()) + ": " + why;
  // Its loader would complain on standard error of a library of 64 bits.
  if (why == kIs32Bit) return;
  const auto prepared = file_path_.empty() ? fail("this run is not kept")
                                           : prepare_heap_profile(*options_.heap, file_path_, environment);
  if (prepared)
    unprofiled_.emplace(root_, options_.heap->library, options_.heap->scanner);
  else
    heap_problem_ = "no heap profile: " + prepared.error().text();
}

void Supervisor::leave_out(pid_t helper) {
  helpers_.insert(helper);
  accounts_->leave_out(helper);
  reading_->leave_out(helper);
}

Result<void> Supervisor::start() {
  started_ = clock_.monotonic();
  cpu_before_ = clock_.own_cpu();
  last_look_ms_ = time_ms();
  recorder_->look(reading_->take_start(last_look_ms_), *accounts_, pace_.take_store(nanoseconds(0)));
  recorder_->record().processes.counted_by = reading_->counted_by();
  socket_->open(*recorder_, [this] { return time_ms(); });
  if (child_->pidfd() >= 0) child_watch_ = loop_.on_readable(child_->pidfd(), [this] { on_command_end(); });
  if (options_.timeout)
    timeout_ = loop_.after(*options_.timeout, [this] {
      timed_out_ = true;
      enforcer_.end_politely("--timeout " + format_duration(to_seconds(*options_.timeout)) + " is over");
    });
  if (options_.heap) keep(&Recorder::flush);  // a profile is there at once, and without a run nobody finds it
  if (auto released = child_->release(); !released) return released;
  cpu_at_look_ = clock_.own_cpu();
  schedule();
  return {};
}

// The tick: sense, store, judge, act.
void Supervisor::look(Reading::Depth depth) {
  // No two ticks share a moment, however soon the last look follows the one before.
  last_look_ms_ = std::max(time_ms(), last_look_ms_ + 1);
  const Look look = reading_->take(last_look_ms_, depth, *accounts_);
  recorder_->look(look, *accounts_, depth == Reading::Depth::everything || pace_.take_store(elapsed()));
  if (unprofiled_)
    for (const std::string& problem : unprofiled_->look(look.living)) tell("heap", "warning", problem);
  enforcer_.kill_again();
  if (kill_guard_) kill_guard_->watch(kill_members(look.living));
  oom_witness_->note_holder(accounts_->largest(), last_look_ms_);
  if (options_.warn) judge(look);
  hold_own_limits(look);
  if (pace_.take_doubling(recorder_->ticks())) recorder_->halve_ticks();
  recorder_->record().sampling.interval_seconds = to_seconds(pace_.interval());
  recorder_->record().wall_seconds = to_seconds(elapsed());
  flush_if_due();
}

void Supervisor::judge(const Look& look) {
  if (!status_ && last_look_ms_ - foreseeable_seen_ms_ > kForeseeableMs) foreseeable_ms_.reset();
  const double seconds = to_seconds(elapsed());
  // Dirty page cache is used, but nobody is killed for it: whoever needs the room waits until it is written.
  const auto without = [](std::uint64_t used, std::optional<std::uint64_t> dirty) {
    return used - std::min(used, dirty.value_or(0));
  };
  const auto own_limit = options_.limits.memory_bytes;
  if (own_limit && look.used_bytes)
    warn(own_watch_, {seconds, without(*look.used_bytes, look.dirty_bytes), *own_limit, "--memory"});
  const auto outer = around_.capacity.memory_bytes;
  if (!outer || !look.headroom_bytes || *look.headroom_bytes > *outer) return;
  // What the machine has available has its dirty pages in it already.
  const bool is_machine = around_.capacity.memory_source == "machine";
  const auto dirty = look.cgroup != nullptr && !is_machine ? look.cgroup->dirty_bytes : std::nullopt;
  warn(outer_watch_,
       {seconds, without(*outer - *look.headroom_bytes, dirty), *outer, around_.capacity.memory_source});
}

void Supervisor::warn(MemoryWatch& watch, const MemoryReading& reading) {
  for (const MemoryWarning& warning : watch.look(reading)) {
    tell("memory_warning", warning.is_critical ? "critical" : "warning", warning.text);
    if (!warning.is_critical || pressure_acted_) continue;
    pressure_acted_ = true;
    enforcer_.act_on_pressure(options_.on_pressure, warning.text);
  }
  const auto since = watch.foreseeable_since_seconds();
  if (!since) return;
  foreseeable_seen_ms_ = last_look_ms_;
  if (!foreseeable_ms_)
    foreseeable_ms_ = recorder_->record().started_ms + static_cast<std::int64_t>(*since * 1000);
}

void Supervisor::hold_own_limits(const Look& look) {
  if (enforcer_.is_ending()) return;
  for (const act::HeldLimit& limit : cage_->limits()) {
    if (limit.mechanism != act::Mechanism::supervisor) continue;
    if (limit.resource == "memory" && static_cast<double>(look.certain_bytes.value_or(0)) > limit.asked) {
      own_limit_acted_ = true;
      return enforcer_.kill(fmt::format("it uses {}, over --memory {}",
                                        format_bytes(static_cast<double>(*look.certain_bytes)),
                                        format_bytes(limit.asked)));
    }
    const auto processes = static_cast<double>(accounts_->totals().processes);
    if (limit.resource == "pids" && processes > limit.asked)
      return enforcer_.end_politely(
          fmt::format("it has {} processes, over --pids {}", processes, limit.asked));
  }
}

// The command sees only that a fork failed, and few say so.
void Supervisor::tell_refused_starts() {
  if (refusal_told_ || !options_.limits.processes || cage_->refused_starts() == 0) return;
  refusal_told_ = true;
  tell("pids", "warning",
       fmt::format("the kernel refuses to start more processes and threads: --pids {} is reached",
                   *options_.limits.processes));
}

// On a full or missing disk the command goes on; the person is told once, and again when there is room.
void Supervisor::flush_if_due() {
  if (elapsed() - flushed_ < (flushed_ == nanoseconds(0) ? kFirstFlush : kFlushEvery)) return;
  // On a grid, so that looks which come a little early do not skip a second.
  flushed_ = std::max(elapsed() / kFlushEvery * kFlushEvery, kFirstFlush);
  tell_refused_starts();
  keep(&Recorder::flush);
}

void Supervisor::keep(Result<void> (Recorder::*write)(const Accounts&)) {
  recorder_->record().sampling.own_cpu_seconds = to_seconds(clock_.own_cpu() - cpu_before_);
  if (file_path_.empty()) return;
  const auto written = ((*recorder_).*write)(*accounts_);
  if (written && storage_failed_) tell("storage", "info", "the run is being kept again");
  if (!written && !storage_failed_)
    tell("storage", "warning", "cannot keep the run for now: " + written.error().text());
  storage_failed_ = !written;
}

void Supervisor::schedule() {
  look(Reading::Depth::usual);
  if (status_ && nobody_is_left()) return loop_.stop();
  const nanoseconds cpu = clock_.own_cpu();
  const nanoseconds delay = pace_.until_next_look(elapsed(), cpu - cpu_at_look_);
  cpu_at_look_ = cpu;
  timer_ = loop_.after(delay, [this] { schedule(); });
}

void Supervisor::on_signal(int signal) {
  const bool ends = signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
  if (status_ && ends) return loop_.stop();  // --wait all: the rest is left running
  if (signal != SIGCHLD || !child_) return;
  if (!status_ && child_->pidfd() < 0) on_command_end();  // before Linux 5.3 this is how its end is told
  reap_orphans();
}

void Supervisor::reap_orphans() {
  for (const act::Reaped& orphan : act::reap_orphans(child_->pid())) {
    helpers_.erase(orphan.pid);
    accounts_->reaped(orphan.pid, orphan.status, time_ms());
  }
}

void Supervisor::on_command_end() {
  if (status_) return;
  look(Reading::Depth::processes);  // before it is reaped: a zombie still shows what it did
  status_ = child_->try_wait();
  if (!status_) return;
  child_watch_ = {};
  signals_->clear_child();
  enforcer_.command_has_ended();
  accounts_->reaped(child_->pid(), *status_, time_ms());
  reap_orphans();
  // Whom we asked to end gets the grace that was promised, the command's own end notwithstanding.
  if ((!options_.wait_for_all && !enforcer_.is_ending()) || nobody_is_left()) return loop_.stop();
  if (enforcer_.is_ending()) return;
  tell("process", "info",
       fmt::format("the command has ended; waiting for {} of its descendants (Ctrl-C ends the wait)",
                   reading_->members().size()));
}

// As the subreaper of the tree we have no child left when nobody of it is; but for children of our own doing.
bool Supervisor::nobody_is_left() const {
  return reading_->members().empty() && (!helpers_.empty() || !act::has_children());
}

Outcome Supervisor::finish() {
  timer_ = {};
  timeout_ = {};
  socket_->finish();
  reap_orphans();
  look(Reading::Depth::everything);
  run::Record& record = recorder_->record();
  record.state = run::State::finished;
  if (const auto lost = reading_->lost_records(); lost > 0)
    tell("process", "warning",
         fmt::format("{} exit records of the kernel were lost: some short-lived processes are not counted",
                     lost));
  tell_refused_starts();
  record.exit_code = status_->code;
  record.signal = status_->signal;
  record.timed_out = timed_out_;
  record.processes.left_running = reading_->members().size();
  record.process_table = accounts_->table();
  recorder_->phases().finish(time_ms(), recorder_->cpu_seconds());
  record.oom = oom_witness_->judge(
      record, *cage_, {.we_ended_it = enforcer_.is_ending(), .own_limit_acted = own_limit_acted_},
      foreseeable_ms_);
  if (record.oom)
    tell("oom", "critical", describe(*record.oom));
  else if (const auto within = describe_kills_within(record, cage_->oom_kills().value_or(0)); !within.empty())
    tell("oom", "warning", within);
  keep(&Recorder::close);
  cage_->remove();
  const int code = status_->signal ? 128 + *status_->signal : status_->code.value_or(125);
  return {.exit_code = timed_out_ ? kExitTimedOut : code,
          .record = record,
          .file_path = storage_failed_ ? "" : file_path_};
}

void Supervisor::tell(std::string kind, std::string severity, const std::string& sentence) {
  const run::Event event{recorder_ ? time_ms() : clock_.wall_ms(), std::move(kind), std::move(severity),
                         sentence};
  if (recorder_) recorder_->event(event.time_ms, event.kind, event.severity, event.text);
  say_(event);
}

}  // namespace

Result<Outcome> supervise(const RunOptions& options, const Clock& clock, const OsRoot& root, const Say& say) {
  auto loop = EventLoop::create();
  if (!loop) return pass_on(loop);
  return Supervisor(*loop, options, clock, root, say).run();
}

}  // namespace ullage::session
