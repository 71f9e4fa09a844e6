// SPDX-License-Identifier: Apache-2.0
// Where questions wait for answers: a few threads, each with its own view of the history that it keeps from
// one question to the next; a bounded queue; an end for each question when its client goes away or its time
// is up. The loop's thread calls and is called; it never waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "history/series_source.h"
#include "query/budget.h"
#include "server/http_message.h"
#include "server/http_responder.h"

namespace ullage::server {

// One thread's view of the history.
struct OpenedSource {
  std::unique_ptr<history::SeriesSource> source;
  std::function<std::vector<std::string>()> problems = {};  // what answers so far had to leave out
};
OpenedSource keep_open(std::unique_ptr<history::SeriesSource> source);
// Of a history's folder; a folder that is not there yet is tried again with the next question.
std::function<Result<OpenedSource>()> source_of_folder(std::string folder);

struct QueryDeskOptions {
  std::size_t threads = 2;
  std::size_t waiting_max = 100;
};

struct QueryCounts {
  std::uint64_t answered = 0;
  std::uint64_t turned_away = 0;  // too many waited
  std::uint64_t cancelled = 0;    // the client went away
  std::uint64_t timed_out = 0;
  std::size_t now = 0;  // that wait or run
};

class QueryDesk {
 public:
  // Runs on one of the threads: must hold nothing of the loop's.
  using Question = std::function<Response(const OpenedSource& source, const query::Stop& stop)>;

  QueryDesk(EventLoop& loop, const Clock& clock, std::function<Result<OpenedSource>()> open,
            const QueryDeskOptions& options = {});
  ~QueryDesk();  // cancels all, and waits until the threads have seen it
  QueryDesk(const QueryDesk&) = delete;
  QueryDesk& operator=(const QueryDesk&) = delete;

  void ask(Question question, std::chrono::milliseconds timeout, const Responder& respond);
  QueryCounts counts() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ullage::server
