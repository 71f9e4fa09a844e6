// SPDX-License-Identifier: Apache-2.0
#include "daemon/self_collector.h"

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "base/os_root.h"
#include "base/result.h"
#include "history/remote/remote_writer.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"
#include "server/http_server.h"
#include "server/query_desk.h"
#include "watch/forwarder.h"
#include "watch/keeper.h"

namespace ullage::daemon {

namespace {

double number(std::uint64_t count) { return static_cast<double>(count); }

void add_losses(metric::Frame& frame, const SelfFigures& figures) {
  const watch::KeeperCounts& keeper = figures.keeper;
  const auto lost = [&frame](std::string_view cause, std::uint64_t count) {
    frame.add("ullage_self_dropped_samples_total", {{"cause", cause}}, number(count));
  };
  lost("series_limit", figures.refused_values + keeper.history.refused_samples);
  lost("duplicate", figures.duplicate_values + keeper.history.duplicate_samples);
  lost("illegal_name", keeper.history.illegal_samples);
  lost("disk_full", keeper.history.lost_samples);
  frame.add("ullage_self_dropped_ticks_total", {{"cause", "disk_slow"}}, number(keeper.dropped_ticks));
  frame.add("ullage_self_dropped_ticks_total", {{"cause", "clock_set_back"}},
            number(keeper.history.late_ticks + keeper.history.impossible_ticks));
  frame.add("ullage_self_dropped_ticks_total", {{"cause", "late"}}, number(figures.skipped_ticks));
}

void add_requests(metric::Frame& frame, const server::ServerCounts& server,
                  const server::QueryCounts& queries) {
  frame.add("ullage_self_http_connections", number(server.connections));
  frame.add("ullage_self_http_requests_total", number(server.requests));
  frame.add("ullage_self_http_refused_total", number(server.refused));
  frame.add("ullage_self_http_failed_total", number(server.failed));
  frame.add("ullage_self_http_failed_greetings_total", number(server.failed_greetings));
  frame.add("ullage_self_queries_total", {{"outcome", "answered"}}, number(queries.answered));
  frame.add("ullage_self_queries_total", {{"outcome", "turned_away"}}, number(queries.turned_away));
  frame.add("ullage_self_queries_total", {{"outcome", "cancelled"}}, number(queries.cancelled));
  frame.add("ullage_self_queries_total", {{"outcome", "timed_out"}}, number(queries.timed_out));
  frame.add("ullage_self_queue_length", {{"queue", "queries"}}, number(queries.now));
}

void add_sent(metric::Frame& frame, const watch::ForwardCounts& forwarder) {
  const history::RemoteWriteCounts& remote = forwarder.remote;
  frame.add("ullage_remote_write_sent_samples_total", number(remote.sent));
  const auto lost = [&frame](std::string_view cause, std::uint64_t count) {
    frame.add("ullage_remote_write_dropped_samples_total", {{"cause", cause}}, number(count));
  };
  lost("refused", remote.refused + remote.doubtful);
  lost("queue_full", remote.crowded);
  lost("disk_full", remote.unwritten);
  frame.add("ullage_remote_write_dropped_ticks_total", number(forwarder.dropped_ticks));
  frame.add("ullage_remote_write_requests_total", number(remote.requests));
  frame.add("ullage_remote_write_failed_requests_total", number(remote.failures));
  frame.add("ullage_remote_write_queue_bytes", number(remote.queue_bytes));
  frame.add("ullage_remote_write_queue_samples", number(remote.queue_samples));
  frame.add("ullage_remote_write_lag_seconds", remote.lag_seconds);
}

}  // namespace

SelfCollector::SelfCollector(const OsRoot& root, std::function<SelfFigures()> figures)
    : figures_(std::move(figures)),
      page_size_bytes_(root.page_size_bytes),
      statm_(root.path("/proc/self/statm")) {}

Result<void> SelfCollector::collect(metric::Frame& frame) {
  const SelfFigures figures = figures_();
  frame.add("ullage_build_info", {{"version", figures.version}}, 1);
  frame.add("ullage_self_start_time_seconds", figures.start_seconds);
  frame.add("ullage_self_cpu_seconds_total", figures.cpu_seconds);
  // statm: size resident … in pages (proc.rst, table 1-3).
  if (const auto text = statm_.read(buffer_)) {
    std::string_view rest = *text;
    sense::take_unsigned(rest);
    if (const auto pages = sense::take_unsigned(rest))
      frame.add("ullage_self_resident_bytes", number(*pages) * static_cast<double>(page_size_bytes_));
  }
  frame.add("ullage_self_ticks_total", number(figures.ticks));
  frame.add("ullage_self_late_ticks_total", number(figures.late_ticks));
  frame.add("ullage_self_tick_lateness_seconds", figures.tick_lateness_seconds);
  frame.add("ullage_self_tick_duration_seconds", figures.tick_duration_seconds);
  frame.add("ullage_self_live_series", number(figures.live_series));
  frame.add("ullage_self_quoted_series", number(figures.quoted_series));
  frame.add("ullage_self_samples_total", number(figures.keeper.kept_samples));
  frame.add("ullage_self_failed_flushes_total", number(figures.keeper.failed_flushes));
  frame.add("ullage_self_failed_reloads_total", number(figures.failed_reloads));
  frame.add("ullage_self_queue_length", {{"queue", "history"}}, number(figures.keeper.waiting_ticks));
  add_losses(frame, figures);
  add_requests(frame, figures.server, figures.queries);
  if (figures.certificate_end_seconds)
    frame.add("ullage_self_certificate_end_time_seconds", *figures.certificate_end_seconds);
  if (figures.forwarder) add_sent(frame, *figures.forwarder);
  return {};
}

}  // namespace ullage::daemon
