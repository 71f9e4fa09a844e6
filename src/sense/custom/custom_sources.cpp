// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/custom_sources.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/os_root.h"
#include "base/result.h"
#include "metric/family.h"
#include "metric/frame.h"
#include "metric/series.h"
#include "sense/custom/custom_reading.h"
#include "sense/custom/executables_folder.h"
#include "sense/custom/periodic_source.h"
#include "sense/custom/push_server.h"
#include "sense/custom/pushed_values.h"
#include "sense/custom/scrape.h"
#include "sense/custom/scrape_config.h"
#include "sense/custom/series_gate.h"
#include "sense/custom/textfile_folder.h"

namespace ullage::sense {

namespace {

constexpr std::chrono::milliseconds kTextfilesEvery(1'000);
// So long a line that could not be read is told.
constexpr std::chrono::seconds kBadLineToldFor(60);

constexpr std::chrono::seconds kEndWaitMax(2);

double number(std::uint64_t count) { return static_cast<double>(count); }

}  // namespace

CustomSources::~CustomSources() {
  if (textfiles_) textfiles_->request_stop();
  if (executables_) executables_->request_stop();
  for (PeriodicSource& scrape : scrapes_) scrape.request_stop();
  // However many targets hang, the end does not wait longer than for one of them.
  const std::chrono::nanoseconds begin = clock_.monotonic();
  for (PeriodicSource& scrape : scrapes_) {
    if (clock_.monotonic() - begin > kEndWaitMax) scrape.abandon();
    const PeriodicSource ended = std::move(scrape);
  }
}

Result<std::unique_ptr<CustomSources>> CustomSources::start(EventLoop& loop, const OsRoot& root,
                                                            const CustomOptions& options,
                                                            const Clock& clock) {
  std::unique_ptr<CustomSources> sources(new CustomSources(root, clock));
  PushOptions push_options = options.push;
  push_options.series_max = options.series_max;
  auto push = PushServer::listen(loop, push_options, clock);
  if (!push) return pass_on(push);
  sources->push_ = *std::move(push);
  if (auto taken = sources->reload(options); !taken) return pass_on(taken);
  return sources;
}

Result<void> CustomSources::reload(const CustomOptions& options) {
  ScrapePlan plan;
  if (!options.scrape_file.empty()) {
    auto read = read_scrape_file(options.scrape_file);
    if (!read) return pass_on(read);
    plan = *std::move(read);
  }
  gate_.set_series_max(options.series_max);
  push_->values().set_series_max(options.series_max);
  take_folders(options);
  dropped_targets_ = std::move(plan.dropped);
  take_targets(std::move(plan.targets));
  return {};
}

void CustomSources::take_folders(const CustomOptions& options) {
  if (options.textfile_directory != textfile_directory_) {
    if (textfiles_) textfiles_->abandon();
    textfiles_.reset();
    textfile_directory_ = options.textfile_directory;
    if (!textfile_directory_.empty())
      textfiles_.emplace("textfile", kTextfilesEvery, clock_,
                         [folder = std::make_shared<TextfileFolder>(textfile_directory_)](
                             const std::stop_token&) { return folder->read(); });
  }
  if (options.executables != executables_options_) {
    if (executables_) executables_->abandon();
    executables_options_ = options.executables;
    executables_ = executables_options_
                       ? std::make_unique<ExecutablesFolder>(root_, *executables_options_, clock_)
                       : nullptr;
  }
}

// Those that are asked as before go on; the others are let go of, without waiting for their answers.
void CustomSources::take_targets(std::vector<ScrapeTarget> targets) {
  std::vector<PeriodicSource> before = std::exchange(scrapes_, {});
  const std::vector<std::string> asked_before = std::exchange(scraped_, {});
  targets_.clear();
  std::vector<bool> goes_on(before.size());
  for (ScrapeTarget& target : targets) {
    std::string asked = target.text();
    targets_.push_back(std::make_shared<const ScrapeTarget>(target));
    std::size_t at = 0;
    while (at < before.size() && (goes_on[at] || asked_before[at] != asked)) ++at;
    if (at < before.size()) {
      goes_on[at] = true;
      scrapes_.push_back(std::move(before[at]));
    } else {
      const std::string name = "scrape:" + target.job->name + '/' + target.instance;
      const std::chrono::milliseconds interval = target.job->interval;
      scrapes_.emplace_back(name, interval, clock_,
                            [scraper = std::make_shared<Scraper>(std::move(target), clock_)](
                                const std::stop_token& stop) { return scraper->scrape(stop); });
    }
    scraped_.push_back(std::move(asked));
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!goes_on[i]) before[i].abandon();
}

Result<void> CustomSources::collect(metric::Frame& frame) {
  statuses_.clear();
  unread_.clear();
  given_before_ = std::exchange(given_, {});
  gate_.begin(clock_.monotonic());
  if (textfiles_) add(frame, *textfiles_);
  if (executables_) executables_->each([&](const PeriodicSource& source) { add(frame, source); });
  for (std::size_t i = 0; i < scrapes_.size(); ++i) add(frame, scrapes_[i], targets_[i]);
  add_push(frame);
  add_counts(frame);
  return {};
}

void CustomSources::add(metric::Frame& frame, const PeriodicSource& source,
                        const std::shared_ptr<const ScrapeTarget>& target) {
  const auto newest = source.newest();
  if (!newest) {  // its first reading is under way
    unread_.push_back(source.name());
    return;
  }
  for (const CustomValue& value : newest->own_values) {
    std::vector<metric::LabelView> labels;
    for (const metric::Label& label : value.key.labels) labels.push_back({label.name, label.value});
    frame.add(value.key.name, labels, value.value);
  }
  gate_.begin_source(source.name());
  given_.insert(newest->edition);
  const auto word =
      given_before_.contains(newest->edition) ? SeriesGate::Word::repeated : SeriesGate::Word::first;
  for (const CustomValue& value : newest->values) gate_.add(frame, value.key, value.value, word);
  for (const metric::Family& family : newest->families) frame.describe(family);
  add_status(frame, {.name = source.name(),
                     .error = newest->error,
                     .problems = newest->problems,
                     .is_up = newest->error.empty(),
                     .time_ms = newest->time_ms,
                     .duration_seconds = newest->duration_seconds,
                     .interval_seconds = to_seconds(source.interval()),
                     .target = target});
}

void CustomSources::add_push(metric::Frame& frame) {
  const std::chrono::nanoseconds now = clock_.monotonic();
  PushedValues& values = push_->values();
  gate_.begin_source("push");
  values.add_to(frame, gate_, now);
  if (values.counts().bad_lines != bad_lines_) {
    bad_lines_ = values.counts().bad_lines;
    bad_line_at_ = now;
  }
  const bool is_bad = bad_lines_ > 0 && now - bad_line_at_ < kBadLineToldFor;
  CustomStatus status{.name = "push",
                      .error = is_bad ? values.last_error() : push_->problem(),
                      .is_up = push_->problem().empty(),
                      .time_ms = clock_.wall_ms(),
                      .duration_seconds = to_seconds(clock_.monotonic() - now),
                      .interval_seconds = 0};
  add_status(frame, std::move(status));
  frame.add("ullage_push_lines_total", number(values.counts().lines));
  frame.add("ullage_push_bad_lines_total", number(values.counts().bad_lines));
}

void CustomSources::add_status(metric::Frame& frame, CustomStatus status) {
  frame.add("ullage_collector_success", {{"collector", status.name}}, status.is_up ? 1 : 0);
  frame.add("ullage_collector_duration_seconds", {{"collector", status.name}}, status.duration_seconds);
  statuses_.push_back(std::move(status));
}

std::vector<SourceProblem> CustomSources::problems() const {
  std::vector<SourceProblem> all;
  for (const CustomStatus& status : statuses_) {
    if (status.is_up) continue;
    if (status.problems.empty()) all.push_back({.of = status.name, .text = status.error});
    all.insert(all.end(), status.problems.begin(), status.problems.end());
  }
  return all;
}

void CustomSources::add_counts(metric::Frame& frame) const {
  const PushedCounts& pushed = push_->values().counts();
  frame.add("ullage_custom_series", number(gate_.size()));
  const auto dropped = [&](const char* cause, std::uint64_t count) {
    frame.add("ullage_custom_dropped_values_total", {{"cause", cause}}, number(count));
  };
  dropped("reserved_name", gate_.counts().reserved_names);
  dropped("series_limit", gate_.counts().beyond_limit + pushed.beyond_limit);
  dropped("other_kind", pushed.other_kind);
}

}  // namespace ullage::sense
