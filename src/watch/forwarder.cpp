// SPDX-License-Identifier: Apache-2.0
#include "watch/forwarder.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "history/matching.h"
#include "history/remote/remote_sender.h"
#include "history/remote/remote_writer.h"
#include "metric/live_series.h"
#include "metric/series.h"
#include "watch/told_ticks.h"

namespace ullage::watch {

namespace {

// A minute of ticks: what a stalled disk may take without a loss.
constexpr std::size_t kWaitingMax = 60;
constexpr std::uint64_t kTidyEveryTicks = 60;
constexpr metric::SeriesId kUnknown = UINT32_MAX;

// Which series are to be sent.
class Choice {
 public:
  static Result<Choice> make(const ForwardOptions& options) {
    Choice choice;
    for (auto [selectors, to] : {std::pair(&options.keep, &choice.keep_), {&options.drop, &choice.drop_}})
      for (const Selector& selector : *selectors) {
        auto compiled = history::Matching::compile(selector);
        if (!compiled) return pass_on(compiled);
        to->push_back(*std::move(compiled));
      }
    return choice;
  }
  bool takes(const metric::SeriesKey& key) const {
    const auto holds = [&key](const history::Matching& matching) { return Choice::holds(matching, key); };
    return (keep_.empty() || std::ranges::any_of(keep_, holds)) && std::ranges::none_of(drop_, holds);
  }

 private:
  // Asked once a series, so it remembers no values: they would be those of all processes that ever were.
  static bool holds(const history::Matching& matching, const metric::SeriesKey& key) {
    for (std::size_t i = 0; i < matching.size(); ++i) {
      const std::string& label = matching.label(i);
      if (!matching.holds(i, label == "__name__" ? key.name : key.label(label))) return false;
    }
    return true;
  }

  std::vector<history::Matching> keep_, drop_;
};

// Live ids, which are given to other series soon, as ids that stay until the writer is done with them.
class LastingIds {
 public:
  explicit LastingIds(Choice choice) : choice_(std::move(choice)) {}

  const metric::SeriesTable& table() const { return table_; }
  std::size_t size() const { return table_.size(); }

  void name(ToldTick::Name name) {
    if (name.id >= series_.size()) series_.resize(name.id + 1);
    Series& series = series_[name.id];
    if (series.lasting != kUnknown) retired_.push_back(series.lasting);
    const bool is_wanted = choice_.takes(name.key);
    series = {std::move(name.key), kUnknown, is_wanted};
  }
  metric::Tick translated(const metric::Tick& tick) {
    metric::Tick out{.time_ms = tick.time_ms, .values = {}};
    for (const metric::Value& value : tick.values) {
      Series& series = series_[value.series];
      if (!series.is_wanted) continue;
      if (series.lasting == kUnknown) series.lasting = table_.id(series.key.name, series.key.labels);
      out.add(series.lasting, value.value);
    }
    return out;
  }
  // Another choice, and a writer that knows none of the ids.
  void begin_anew(Choice choice) {
    choice_ = std::move(choice);
    table_ = {};
    retired_.clear();
    for (Series& series : series_) {
      series.lasting = kUnknown;
      series.is_wanted = choice_.takes(series.key);
    }
  }
  void tidy(history::RemoteWriter& writer) {
    if (retired_.empty()) return;
    std::unordered_set<metric::SeriesId> used;
    for (const Series& series : series_) used.insert(series.lasting);
    std::erase_if(retired_, [&](metric::SeriesId id) {
      if (used.contains(id)) return true;  // the same series has come again
      if (writer.awaits(id)) return false;
      used.insert(id);  // it may have gone twice
      writer.forget(id);
      table_.forget(id);
      return true;
    });
  }

 private:
  struct Series {
    metric::SeriesKey key;
    metric::SeriesId lasting = kUnknown;
    bool is_wanted = false;
  };
  Choice choice_;
  std::vector<Series> series_;  // by live id
  metric::SeriesTable table_;
  std::vector<metric::SeriesId> retired_;  // may still be awaited
};

}  // namespace

struct Forwarder::Impl {
  Impl(std::string of_folder, const Clock& of_clock, EventLoop made, Choice choice)
      : folder(std::move(of_folder)), clock(of_clock), loop(std::move(made)), ids(std::move(choice)) {}

  const std::string folder;
  const Clock& clock;
  TickTeller teller;  // the caller's own

  // The thread's own, but for post().
  EventLoop loop;
  LastingIds ids;
  std::optional<history::RemoteWriter> writer;
  std::optional<history::RemoteSender> sender;  // of the writer and the loop
  std::uint64_t ticks = 0;

  mutable std::mutex mutex;  // of what follows
  std::condition_variable changed;
  std::size_t waiting = 0;
  ForwardCounts counts;

  std::thread thread;

  Result<void> begin(const ForwardOptions& options) {
    auto opened = history::RemoteWriter::open(folder, options.write);
    if (!opened) return pass_on(opened);
    writer = *std::move(opened);
    auto started = history::RemoteSender::start(options.receiver, options.seed, *writer, loop, clock);
    if (!started) return pass_on(started);
    sender.emplace(*std::move(started));
    return {};
  }

  void take(ToldTick& told) {
    for (ToldTick::Name& name : told.names) ids.name(std::move(name));
    if (writer) writer->append(ids.translated(told.tick), ids.table(), clock.monotonic());
    if (writer && ++ticks % kTidyEveryTicks == 0) ids.tidy(*writer);
    if (sender) sender->look();
    const std::scoped_lock lock(mutex);
    --waiting;
    if (writer) counts.remote = writer->counts();
    counts.dropped_ticks += writer ? 0 : 1;
    counts.known_series = ids.size();
    changed.notify_all();
  }

  void change(const ForwardOptions& options, Choice choice) {
    sender.reset();
    writer.reset();
    ids.begin_anew(std::move(choice));
    const auto begun = begin(options);
    if (begun) return;
    const std::scoped_lock lock(mutex);
    counts.remote.is_taken = false;
    counts.remote.problem = begun.error().text();
  }
};

Forwarder::Forwarder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Forwarder::Forwarder(Forwarder&&) noexcept = default;
Forwarder& Forwarder::operator=(Forwarder&&) noexcept = default;
Forwarder::~Forwarder() {
  if (impl_ == nullptr) return;
  impl_->loop.post([impl = impl_.get()] { impl->loop.stop(); });
  impl_->thread.join();
}

Result<Forwarder> Forwarder::open(const std::string& folder, const ForwardOptions& options,
                                  const Clock& clock) {
  auto choice = Choice::make(options);
  if (!choice) return pass_on(choice);
  auto loop = EventLoop::create();
  if (!loop) return pass_on(loop);
  auto impl = std::make_unique<Impl>(folder, clock, *std::move(loop), *std::move(choice));
  if (auto begun = impl->begin(options); !begun) return pass_on(begun);
  impl->counts.remote = impl->writer->counts();
  impl->thread = std::thread([at = impl.get()] {
    at->sender->look();  // what is left from before
    at->loop.run();
  });
  return Forwarder(std::move(impl));
}

void Forwarder::forward(const metric::LiveSeries& live) {
  const auto told = std::make_shared<ToldTick>(impl_->teller.tell(live));
  {
    const std::scoped_lock lock(impl_->mutex);
    if (impl_->waiting >= kWaitingMax) {
      ++impl_->counts.dropped_ticks;
      impl_->teller.take_back(*told);
      return;
    }
    ++impl_->waiting;
  }
  impl_->loop.post([impl = impl_.get(), told] { impl->take(*told); });
}

Result<void> Forwarder::change(const ForwardOptions& options) {
  auto choice = Choice::make(options);
  if (!choice) return pass_on(choice);
  const auto shared = std::make_shared<Choice>(*std::move(choice));
  impl_->loop.post([impl = impl_.get(), options, shared] { impl->change(options, std::move(*shared)); });
  return {};
}

void Forwarder::wait_until_queued() {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [this] { return impl_->waiting == 0; });
}

ForwardCounts Forwarder::counts() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->counts;
}

}  // namespace ullage::watch
