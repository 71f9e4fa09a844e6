// SPDX-License-Identifier: Apache-2.0
#include "server/query_desk.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "history/history_source.h"
#include "history/series_source.h"
#include "query/budget.h"
#include "server/http_message.h"
#include "server/http_responder.h"
#include "server/worker_pool.h"

namespace ullage::server {

namespace {

// What a thread and the loop share of one question.
struct Task {
  QueryDesk::Question question;
  std::chrono::nanoseconds deadline{0};
  std::atomic<bool> is_cancelled = false;
  bool is_expired = false;  // the thread's, until the answer is posted
};

Response run(Task& task, const OpenedSource& source, const Clock& clock) {
  const query::Stop stop{.cancelled = &task.is_cancelled, .expired = [&task, &clock] {
                           task.is_expired = task.is_expired || clock.monotonic() > task.deadline;
                           return task.is_expired;
                         }};
  if (task.is_cancelled) return error_response(503, "canceled", "the query was cancelled");
  Response response = stop.expired() ? Response{.status = 503} : task.question(source, stop);
  if (response.status == 200) return response;
  if (task.is_cancelled) return error_response(503, "canceled", "the query was cancelled");
  if (task.is_expired) return error_response(503, "timeout", "the query took longer than it may");
  return response;
}

}  // namespace

OpenedSource keep_open(std::unique_ptr<history::SeriesSource> source) {
  return {.source = std::move(source)};
}

std::function<Result<OpenedSource>()> source_of_folder(std::string folder) {
  return [folder = std::move(folder)]() -> Result<OpenedSource> {
    auto opened = history::HistorySource::open(folder);
    if (!opened) return pass_on(opened);
    auto source = std::make_unique<history::HistorySource>(*std::move(opened));
    const history::HistorySource* asked = source.get();
    return OpenedSource{.source = std::move(source), .problems = [asked] { return asked->problems(); }};
  };
}

struct QueryDesk::Impl : std::enable_shared_from_this<Impl> {
  struct Pending {
    std::shared_ptr<Task> task;
    Responder respond;
  };

  Impl(EventLoop& of_loop, const Clock& of_clock, std::function<Result<OpenedSource>()> how_to_open,
       const QueryDeskOptions& options)
      : loop(of_loop),
        clock(of_clock),
        open(std::move(how_to_open)),
        sources(options.threads),
        pool(std::make_unique<WorkerPool>(options.threads, options.waiting_max)) {}

  // On a thread of the pool.
  Response answer(Task& task, std::size_t worker) {
    std::optional<OpenedSource>& source = sources[worker];
    if (!source) {
      auto opened = open();
      if (!opened) return error_response(422, "execution", opened.error().text());
      source = std::move(*opened);
    }
    return run(task, *source, clock);
  }

  void ask(Question question, std::chrono::milliseconds timeout, const Responder& respond) {
    const std::uint64_t number = ++last_number;
    auto task = std::make_shared<Task>();
    task->question = std::move(question);
    task->deadline = clock.monotonic() + timeout;
    // The desk outlives its threads; what they post may come after its end.
    const bool is_taken = pool->submit([this, task, number, self = weak_from_this()](std::size_t worker) {
      auto response = std::make_shared<Response>(answer(*task, worker));
      loop.post([number, task, response, self] {
        if (const auto desk = self.lock()) desk->done(number, *task, std::move(*response));
      });
    });
    if (!is_taken) {
      ++counts.turned_away;
      Response busy =
          error_response(503, "unavailable", "too many queries are waiting; ask again in a moment");
      busy.headers.emplace_back("Retry-After", "1");
      return respond(std::move(busy));
    }
    pending.emplace(number, Pending{task, respond});
    respond.on_gone([number, self = weak_from_this()] {
      if (const auto desk = self.lock()) desk->cancel(number);
    });
  }

  void cancel(std::uint64_t number) {
    const auto found = pending.find(number);
    if (found == pending.end()) return;
    found->second.task->is_cancelled = true;
    ++counts.cancelled;
    const auto gone = pending.extract(found);  // destroyed last: it holds the responder that called us
  }

  void done(std::uint64_t number, const Task& task, Response response) {
    const auto found = pending.extract(number);
    if (found.empty()) return;
    ++(task.is_expired ? counts.timed_out : counts.answered);
    found.mapped().respond(std::move(response));
  }

  EventLoop& loop;
  const Clock& clock;
  std::function<Result<OpenedSource>()> open;
  std::vector<std::optional<OpenedSource>> sources;  // one a thread, theirs alone
  std::unordered_map<std::uint64_t, Pending> pending;
  std::uint64_t last_number = 0;
  QueryCounts counts;
  std::unique_ptr<WorkerPool> pool;  // ends first
};

QueryDesk::QueryDesk(EventLoop& loop, const Clock& clock, std::function<Result<OpenedSource>()> open,
                     const QueryDeskOptions& options)
    : impl_(std::make_shared<Impl>(loop, clock, std::move(open), options)) {}

QueryDesk::~QueryDesk() {
  for (auto& [number, pending] : impl_->pending) pending.task->is_cancelled = true;
  impl_->pool.reset();
  impl_->pending.clear();
}

void QueryDesk::ask(Question question, std::chrono::milliseconds timeout, const Responder& respond) {
  impl_->ask(std::move(question), timeout, respond);
}

QueryCounts QueryDesk::counts() const {
  QueryCounts counts = impl_->counts;
  counts.now = impl_->pending.size();
  return counts;
}

}  // namespace ullage::server
