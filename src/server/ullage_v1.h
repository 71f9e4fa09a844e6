// SPDX-License-Identifier: Apache-2.0
// Ullage's own API, /api/ullage/v1/…: what the page shows. Described in docs/reference/ullage-api.yaml. What
// it tells of comes in as values and functions. Answers that read run files or take over a millisecond are
// made on threads of its own. One thread, that of the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "metric/live_series.h"
#include "sense/processes/group_books.h"
#include "sense/processes/process_row.h"
#include "sense/processes/process_table.h"
#include "server/http_router.h"
#include "server/ullage_v1_runs.h"

namespace ullage::server {

// Of the API's meaning; /overview has it, so that who asks can tell a daemon that it does not know.
constexpr int kUllageApiVersion = 1;

// Functions are called from the loop's thread.
struct UllageSubjects {
  metric::LiveSeries* live = nullptr;
  std::function<std::span<const sense::ProcessRow>()> processes = [] {
    return std::span<const sense::ProcessRow>();
  };
  std::function<std::span<const sense::GroupBooks::Shown>()> groups = [] {
    return std::span<const sense::GroupBooks::Shown>();
  };
  std::function<sense::HiddenProcesses()> hidden = [] { return sense::HiddenProcesses(); };
  std::function<std::vector<Note>()> notes = [] { return std::vector<Note>(); };
  std::function<std::uint64_t()> notes_ever = [] {
    return std::uint64_t{0};
  };  // another when there is a new one
  // Whether clients over TCP may see processes and their commands; over the unix socket they may.
  std::function<bool()> processes_over_tcp = [] { return true; };
  std::function<double()> interval_seconds = [] { return 1.0; };
  // What makes its JSON, on another thread; may be absent.
  std::function<std::function<std::string()>()> doctor = {};
  std::string state_directory;        // whose runs are told of
  std::string_view report_page = {};  // that a run's data goes into
  std::string host = {}, version = {};
  std::int64_t start_ms = 0;
};

class UllageV1 {
 public:
  // The loop, the clock and the subjects must outlive it; it must outlive the routes.
  UllageV1(EventLoop& loop, const Clock& clock, UllageSubjects subjects);
  ~UllageV1();  // waits for work that has begun
  UllageV1(const UllageV1&) = delete;
  UllageV1& operator=(const UllageV1&) = delete;

  void add_routes(Router& router);
  // After each tick: takes its values, and sends them to all who listen.
  void look();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// The policy that a page carries in itself, as a response's: what may not be framed is said there only.
std::string policy_of_page(std::string_view page);

}  // namespace ullage::server
