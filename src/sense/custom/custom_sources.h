// SPDX-License-Identifier: Apache-2.0
// All ways in which people bring metrics of their own to the daemon, as one collector: files, programs,
// scraped targets, what is sent. It never waits: reading is on other threads and on the loop, a tick adds the
// newest finished values. One source that is bad is down, and the others are as they were. One thread: the
// loop's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/custom/custom_reading.h"
#include "sense/custom/executables_folder.h"
#include "sense/custom/periodic_source.h"
#include "sense/custom/push_server.h"
#include "sense/custom/scrape_config.h"
#include "sense/custom/series_gate.h"

namespace ullage::sense {

struct CustomOptions {
  std::string textfile_directory;  // "" for none, as all of these
  std::optional<ExecutablesOptions> executables = {};
  std::string scrape_file;
  PushOptions push;
  std::size_t series_max = 5000;
};

// How a source was at its last reading.
struct CustomStatus {
  std::string name;                          // as in ullage_collector_success{collector="…"}
  std::string error;                         // empty: all went well
  std::vector<SourceProblem> problems = {};  // the same one by one, where the source is many files
  bool is_up = true;  // one line that a client wrote wrongly is told as an error, and what is sent to is up
  std::int64_t time_ms = 0;
  double duration_seconds = 0;
  double interval_seconds = 0;
  std::shared_ptr<const ScrapeTarget> target = {};  // of a scrape
};

class CustomSources final : public Collector {
 public:
  // Fails when the scrape file is wrong or an address cannot be listened on.
  static Result<std::unique_ptr<CustomSources>> start(EventLoop& loop, const OsRoot& root,
                                                      const CustomOptions& options, const Clock& clock);
  ~CustomSources() override;
  CustomSources(const CustomSources&) = delete;
  CustomSources& operator=(const CustomSources&) = delete;

  Result<void> collect(metric::Frame& frame) override;
  // Takes on other folders, intervals and limits and reads the scrape file anew; what is sent to stays until
  // the next start. With an error all is as it was.
  Result<void> reload(const CustomOptions& options);

  const std::vector<CustomStatus>& statuses() const { return statuses_; }
  // Of the sources that are down: each, and of a folder each file.
  std::vector<SourceProblem> problems() const;
  // What the rules of the scrape file leave out.
  const std::vector<DroppedTarget>& dropped_targets() const { return dropped_targets_; }
  // The names of those of which nothing is known yet, as after a reload.
  const std::vector<std::string>& unread() const { return unread_; }
  PushServer& push() { return *push_; }

 private:
  CustomSources(const OsRoot& root, const Clock& clock) : root_(root), clock_(clock) {}
  void take_targets(std::vector<ScrapeTarget> targets);
  void take_folders(const CustomOptions& options);
  void add(metric::Frame& frame, const PeriodicSource& source,
           const std::shared_ptr<const ScrapeTarget>& target = {});
  void add_push(metric::Frame& frame);
  void add_status(metric::Frame& frame, CustomStatus status);
  void add_counts(metric::Frame& frame) const;

  OsRoot root_;
  const Clock& clock_;
  SeriesGate gate_{0};
  std::string textfile_directory_;
  std::optional<PeriodicSource> textfiles_;
  std::optional<ExecutablesOptions> executables_options_;
  std::unique_ptr<ExecutablesFolder> executables_;
  std::vector<PeriodicSource> scrapes_;
  // What each of them asks, and that as a text, to tell whether it is still the same.
  std::vector<std::shared_ptr<const ScrapeTarget>> targets_;
  std::vector<std::string> scraped_;
  std::vector<DroppedTarget> dropped_targets_;
  std::optional<PushServer> push_;
  std::unordered_set<std::uint64_t> given_, given_before_;  // editions, at this tick and the one before
  std::uint64_t bad_lines_ = 0;
  std::chrono::nanoseconds bad_line_at_{0};
  std::vector<CustomStatus> statuses_;
  std::vector<std::string> unread_;
};

}  // namespace ullage::sense
