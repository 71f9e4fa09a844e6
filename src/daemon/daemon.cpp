// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.h"

#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "act/oom_protection.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/result.h"
#include "base/text.h"
#include "config/settings.h"
#include "daemon/daemon_settings.h"
#include "daemon/daemon_state.h"
#include "daemon/own_signals.h"
#include "daemon/runs_collector.h"
#include "daemon/self_collector.h"
#include "daemon/service_manager.h"
#include "daemon/settings_in_force.h"
#include "daemon/source_troubles.h"
#include "daemon/targets.h"
#include "history/remote/remote_writer.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/collector.h"
#include "sense/custom/custom_sources.h"
#include "sense/custom/scrape_config.h"
#include "sense/processes/processes_collector.h"
#include "server/api_v1.h"
#include "server/http_router.h"
#include "server/http_server.h"
#include "server/query_desk.h"
#include "server/ullage_v1.h"
#include "server/ullage_v1_runs.h"
#include "server/web_page.h"
#include "watch/collecting.h"
#include "watch/forwarder.h"
#include "watch/keeper.h"
#include "watch/tick_schedule.h"
#include "watch/watch.h"
#include "web_assets/dashboard_page.h"
#include "web_assets/report_page.h"

namespace ullage::daemon {

namespace {

constexpr double kLateSeconds = 0.1;
constexpr std::size_t kNotesMax = 200;
constexpr int kLargeBlockBytes = 256 << 10;

class Daemon {
 public:
  Daemon(EventLoop& loop, const config::Settings& settings, const Surroundings& around)
      : loop_(loop),
        around_(around),
        clock_(around.clock),
        settings_(settings),
        manager_(around.environment, around.pid),
        start_ms_(around.clock.wall_ms()) {}

  Result<void> start();
  void protect_itself();
  void begin() { look(); }
  void say(std::string_view line, std::string_view severity = "info");

 private:
  Result<std::vector<watch::Source>> sources();
  Result<void> listen();
  Result<std::optional<watch::ForwardOptions>> forward_options_of(const config::Settings& settings) const;
  Result<void> send_to(const std::optional<watch::ForwardOptions>& options);
  std::vector<server::ScrapeTarget> targets() const;
  server::ApiSubjects api_subjects();
  server::UllageSubjects page_subjects();
  SelfFigures figures() const;
  DaemonState state() const;
  std::function<std::function<std::string()>()> doctor() const;
  void on_signal(int signal);
  void stop();
  void reload();
  Result<void> take_on(const config::Settings& settings);
  void look();
  void schedule();
  void note_storing();
  void note_sending();
  void note_sources();
  void keep_alive(std::chrono::nanoseconds interval);

  EventLoop& loop_;
  const Surroundings& around_;
  const Clock& clock_;
  SettingsInForce settings_;
  ServiceManager manager_;
  std::int64_t start_ms_;

  std::optional<OwnSignals> signals_;
  std::optional<watch::Keeper> keeper_;
  std::optional<watch::Forwarder> forwarder_;
  std::optional<watch::Watch> watch_;
  const sense::ProcessesCollector* processes_ = nullptr;  // one of the watch's sources
  sense::CustomSources* custom_ = nullptr;                // and this
  std::optional<server::ApiV1> api_;
  std::optional<server::UllageV1> page_api_;
  std::optional<server::HttpServer> server_;
  EventLoop::Handle next_tick_, next_sign_;

  watch::TickSchedule schedule_;
  double lateness_seconds_ = 0;
  std::uint64_t late_ticks_ = 0, skipped_ticks_ = 0, failed_reloads_ = 0;
  server::ConfigReload reload_;
  std::string storing_error_, oom_problem_, reload_problem_;
  bool is_sending_well_ = true;
  SourceTroubles troubles_;
  std::deque<server::Note> notes_;  // what was said lately
  std::uint64_t notes_ever_ = 0;
};

// To the log, and to who looks at the page.
void Daemon::say(std::string_view line, std::string_view severity) {
  around_.log << "ullage: " << line << '\n' << std::flush;
  notes_.push_back(
      {.time_ms = clock_.wall_ms(), .severity = std::string(severity), .text = std::string(line)});
  ++notes_ever_;
  if (notes_.size() > kNotesMax) notes_.pop_front();
}

Result<void> Daemon::start() {
  auto signals = OwnSignals::start(loop_, [this](int signal) { on_signal(signal); });
  if (!signals) return pass_on(signals);
  signals_ = *std::move(signals);
  const std::string folder = history_folder(settings_.at_start());
  auto keeper = watch::Keeper::open(folder, history_options(settings_.at_start()));
  if (!keeper && keeper.error().system_error == EBUSY)
    return fail(Error{.what = "another daemon watches already",
                      .where = folder,
                      .hint = "stop it, or give this one a state directory of its own with --state",
                      .system_error = EBUSY});
  if (!keeper) return pass_on(keeper);
  keeper_ = *std::move(keeper);
  auto all_sources = sources();
  if (!all_sources) return pass_on(all_sources);
  watch_.emplace(*std::move(all_sources), settings_.at_start().count("history.max_series"), &*keeper_,
                 clock_);
  const auto sending = forward_options_of(settings_.at_start());
  if (!sending) return fail(sending.error());
  if (auto begun = send_to(*sending); !begun) return begun;
  if (auto listening = listen(); !listening) return listening;

  std::string where;
  for (const std::string& url : server_->urls()) where += (where.empty() ? "" : ", ") + url;
  say(fmt::format("watching each {} ms; {}", tick_interval(settings_.newest()).count(),
                  where.empty() ? "no address is listened on" : where));
  for (const std::string& warning : server_->warnings()) say(warning, "warning");
  manager_.ready("watching; " + where);
  if (const auto interval = manager_.watchdog_interval()) keep_alive(*interval);
  return {};
}

Result<std::vector<watch::Source>> Daemon::sources() {
  std::vector<watch::Source> sources;
  for (const sense::CollectorEntry& entry : sense::collectors())
    sources.push_back({std::string(entry.name), entry.make(around_.root)});
  sources.push_back({"cgroups", std::make_unique<sense::CgroupsCollector>(
                                    around_.root, cgroups_options(settings_.at_start()), clock_)});
  auto processes = std::make_unique<sense::ProcessesCollector>(
      around_.root, processes_options(settings_.at_start()), clock_);
  processes_ = processes.get();
  sources.push_back({"processes", std::move(processes)});
  sources.push_back(
      {"runs", std::make_unique<RunsCollector>(settings_.at_start().text("state.directory"), clock_)});
  auto custom =
      sense::CustomSources::start(loop_, around_.root, custom_options(settings_.at_start()), clock_);
  if (!custom) return pass_on(custom);
  custom_ = custom->get();
  sources.push_back({"custom", *std::move(custom)});
  sources.push_back({"self", std::make_unique<SelfCollector>(around_.root, [this] { return figures(); })});
  return sources;
}

server::ApiSubjects Daemon::api_subjects() {
  return {.live = &watch_->live(),
          .open_history = server::source_of_folder(history_folder(settings_.at_start())),
          .targets = [this] { return targets(); },
          .configuration = [this] { return settings_.yaml(); },
          .settings = [this] { return settings_.shown(); },
          .reload = [this] { return reload_; },
          .is_ready = [this] { return watch_->counts().ticks > 0; },
          .retention = settings_.at_start().text("history.keep.raw"),
          .build = {.version = around_.version},
          .start_ms = start_ms_};
}

server::UllageSubjects Daemon::page_subjects() {
  const auto host = read_file(around_.root.path("/proc/sys/kernel/hostname"));
  return {.live = &watch_->live(),
          .processes = [this] { return processes_->rows(); },
          .groups = [this] { return processes_->groups(); },
          .hidden = [this] { return processes_->hidden(); },
          .notes = [this] { return std::vector<server::Note>(notes_.begin(), notes_.end()); },
          .notes_ever = [this] { return notes_ever_; },
          .processes_over_tcp = [this] { return settings_.newest().flag("server.processes_over_tcp"); },
          .interval_seconds = [this] { return to_seconds(tick_interval(settings_.newest())); },
          .doctor = doctor(),
          .state_directory = settings_.at_start().text("state.directory"),
          .report_page = web_assets::report_page(),
          .host = host ? std::string(trim(*host)) : std::string(),
          .version = around_.version,
          .start_ms = start_ms_};
}

Result<std::optional<watch::ForwardOptions>> Daemon::forward_options_of(
    const config::Settings& settings) const {
  const auto host = read_file(around_.root.path("/proc/sys/kernel/hostname"));
  return forward_options(settings, host ? std::string(trim(*host)) : "",
                         static_cast<std::uint64_t>(start_ms_ ^ around_.pid));
}

Result<void> Daemon::send_to(const std::optional<watch::ForwardOptions>& options) {
  if (options && forwarder_) return forwarder_->change(*options);
  watch_->forward_to(nullptr);
  forwarder_.reset();
  if (!options) return {};
  auto forwarder = watch::Forwarder::open(send_queue_folder(settings_.at_start()), *options, clock_);
  if (!forwarder) return pass_on(forwarder);
  forwarder_ = *std::move(forwarder);
  watch_->forward_to(&*forwarder_);
  return {};
}

std::vector<server::ScrapeTarget> Daemon::targets() const {
  const std::vector<std::string> urls = server_ ? server_->urls() : std::vector<std::string>();
  const std::string page = urls.empty() ? "" : urls.front() + "/metrics";  // a unix socket has no address
  std::vector<server::ScrapeTarget> targets;
  for (const watch::SourceStatus& status : watch_->statuses())
    targets.push_back(target_of(status, page, to_seconds(tick_interval(settings_.newest()))));
  for (const sense::CustomStatus& status : custom_->statuses()) targets.push_back(target_of(status, page));
  for (const sense::DroppedTarget& dropped : custom_->dropped_targets())
    targets.push_back(target_of(dropped));
  if (!forwarder_) return targets;
  const history::RemoteWriteCounts counts = forwarder_->counts().remote;
  const std::string receiver = url_shown(settings_.newest().text("remote_write.url"));
  targets.push_back({.pool = "remote_write",
                     .labels = {{"instance", receiver}, {"job", "remote_write"}},
                     .url = receiver,
                     .last_error = counts.is_taken ? std::string() : counts.problem,
                     .last_ms = counts.requests > 0 ? clock_.wall_ms() : 0,
                     .interval_seconds = to_seconds(tick_interval(settings_.newest())),
                     .timeout_seconds = to_seconds(tick_interval(settings_.newest()))});
  return targets;
}

Result<void> Daemon::listen() {
  auto options = server_options(settings_.at_start());
  if (!options) return pass_on(options);
  api_.emplace(loop_, clock_, api_subjects(), api_options(settings_.at_start()));
  page_api_.emplace(loop_, clock_, page_subjects());
  server::Router router;
  api_->add_routes(router);
  page_api_->add_routes(router);
  server::add_page(router, "/", web_assets::dashboard_page(), server::Access::open);
  auto serving = server::HttpServer::listen(loop_, clock_, *std::move(options), std::move(router));
  if (!serving) return pass_on(serving);
  server_ = *std::move(serving);
  return {};
}

SelfFigures Daemon::figures() const {
  SelfFigures figures{.cpu_seconds = to_seconds(clock_.own_cpu()),
                      .start_seconds = static_cast<double>(start_ms_) / 1000,
                      .tick_lateness_seconds = lateness_seconds_,
                      .tick_duration_seconds = watch_->counts().last_duration_seconds,
                      .ticks = watch_->counts().ticks,
                      .late_ticks = late_ticks_,
                      .skipped_ticks = skipped_ticks_,
                      .live_series = watch_->live().size(),
                      .quoted_series = watch_->live().needing_quotes(),
                      .refused_values = watch_->live().refused(),
                      .duplicate_values = watch_->live().duplicates(),
                      .keeper = keeper_->counts(),
                      .failed_reloads = failed_reloads_,
                      .version = around_.version};
  if (server_) {
    figures.server = server_->counts();
    if (const auto end_ms = server_->certificate_end_ms())
      figures.certificate_end_seconds = static_cast<double>(*end_ms) / 1000;
  }
  if (forwarder_) figures.forwarder = forwarder_->counts();
  if (api_) figures.queries = api_->counts();
  return figures;
}

DaemonState Daemon::state() const {
  DaemonState state{.version = around_.version,
                    .pid = around_.pid,
                    .start_ms = start_ms_,
                    .urls = server_->urls(),
                    .tasks_problem = processes_->tasks_problem(),
                    .exits_problem = processes_->exits_problem(),
                    .oom_problem = oom_problem_,
                    .storing_problem = storing_error_,
                    .reload_problem = reload_problem_,
                    .sources = custom_->statuses().size(),
                    .problems = custom_->problems()};
  for (const watch::SourceStatus& status : watch_->statuses())
    if (!status.error.empty()) state.unreadable.push_back({.of = status.name, .text = status.error});
  return state;
}

std::function<std::function<std::string()>()> Daemon::doctor() const {
  if (!around_.doctor) return {};
  return [this] { return [&examine = around_.doctor, now = state()] { return examine(now); }; };
}

// The tick: what was due is looked at now, under the time at which it was due.
void Daemon::look() {
  if (const auto tick = schedule_.due(clock_.wall_ms(), tick_interval(settings_.newest()))) {
    lateness_seconds_ = to_seconds(tick->lateness);
    late_ticks_ += lateness_seconds_ > kLateSeconds ? 1 : 0;
    skipped_ticks_ += tick->skipped;
    watch_->look(tick->time_ms);
    note_storing();
    note_sending();
    note_sources();
    page_api_->look();
  }
  schedule();
}

void Daemon::schedule() {
  next_tick_ = loop_.after(schedule_.until_next(clock_.wall_ms(), tick_interval(settings_.newest())),
                           [this] { look(); });
}

// A disk that is full is said once, and so is that there is room again.
void Daemon::note_storing() {
  std::string error = keeper_->counts().error;
  if (error == storing_error_) return;
  say(error.empty() ? "the history is written again" : "the history cannot be written: " + error,
      error.empty() ? "info" : "critical");
  storing_error_ = std::move(error);
}

// The same of the receiver.
void Daemon::note_sending() {
  if (!forwarder_) return;
  const history::RemoteWriteCounts counts = forwarder_->counts().remote;
  if (counts.is_taken == is_sending_well_) return;
  is_sending_well_ = counts.is_taken;
  const std::string where = url_shown(settings_.newest().text("remote_write.url"));
  say(counts.is_taken ? where + " takes samples again" : where + " does not take samples: " + counts.problem,
      counts.is_taken ? "info" : "warning");
}

// And of each of people's own sources.
void Daemon::note_sources() {
  for (const SourceTroubles::Word& word :
       troubles_.look(custom_->problems(), custom_->unread(), clock_.monotonic()))
    say(word.text, word.is_bad ? "warning" : "info");
}

// Whoever has started us may have done so already.
void Daemon::protect_itself() {
  const auto done = act::protect_from_oom_killer(around_.root);
  if (done) return;
  oom_problem_ = done.error().text();
  say("when memory ends, this daemon is as likely to be killed as others: " + oom_problem_ +
          "; CAP_SYS_RESOURCE allows it, or OOMScoreAdjust=-900 in its unit",
      "warning");
}

void Daemon::keep_alive(std::chrono::nanoseconds interval) {
  manager_.alive();
  next_sign_ = loop_.after(interval, [this, interval] { keep_alive(interval); });
}

void Daemon::on_signal(int signal) {
  if (signal == SIGHUP)
    reload();
  else
    stop();
}

void Daemon::stop() {
  manager_.stopping();
  say("ending");
  loop_.stop();
}

// What may say no comes first: it leaves all as it was. Certificates and the token are read anew even when
// their files are called as before.
Result<void> Daemon::take_on(const config::Settings& settings) {
  const auto options = server_options(settings);
  if (!options) return fail(options.error());
  const auto renew_server = server_->renewal(*options);
  if (!renew_server) return fail(renew_server.error());
  const auto sending = forward_options_of(settings);
  if (!sending) return fail(sending.error());
  if (auto taken = custom_->reload(custom_options(settings)); !taken) return taken;
  (*renew_server)();
  if (auto taken = send_to(*sending); !taken) say("nothing is sent: " + taken.error().text(), "warning");
  for (const std::string& warning : server_->warnings()) say(warning, "warning");
  return {};
}

void Daemon::reload() {
  manager_.reloading(clock_.monotonic());
  auto loaded = around_.load();
  const Result<void> taken = loaded ? take_on(*loaded) : pass_on(loaded);
  reload_.is_good = taken.has_value();
  reload_problem_ = taken ? std::string() : taken.error().text();
  if (!taken) {
    ++failed_reloads_;
    say("the settings stay as they were: " + reload_problem_, "warning");
  } else {
    reload_.good_ms = clock_.wall_ms();
    for (const std::string& line : settings_.take_on(*loaded)) say(line);
    schedule();
  }
  manager_.ready("watching");
}

// To the kernel, as they are freed. Left to itself glibc raises what it takes for large to the largest block
// that was freed (up to 32 MiB): after a question over all series its answer's pieces would stay for good.
void give_back_large_blocks() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, kLargeBlockBytes);
#endif
}

}  // namespace

Result<void> run_daemon(const config::Settings& settings, const Surroundings& surroundings) {
  if (auto enough = expect_open_files(open_files_max()); !enough) return enough;
  if (auto made = make_folders(settings.text("state.directory")); !made) return made;
  give_back_large_blocks();
  auto loop = EventLoop::create();
  if (!loop) return pass_on(loop);
  Daemon daemon(*loop, settings, surroundings);
  if (auto started = daemon.start(); !started) return started;
  daemon.protect_itself();
  daemon.begin();
  loop->run();
  return {};
}

}  // namespace ullage::daemon
