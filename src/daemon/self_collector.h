// SPDX-License-Identifier: Apache-2.0
// What the daemon costs and loses, under ullage_self_*: so that it is watched by its own means. The figures
// come in by a function, since their owners are the daemon's parts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"
#include "server/http_server.h"
#include "server/query_desk.h"
#include "watch/forwarder.h"
#include "watch/keeper.h"

namespace ullage::daemon {

struct SelfFigures {
  double cpu_seconds = 0;
  double start_seconds = 0;                                     // since the epoch
  double tick_lateness_seconds = 0, tick_duration_seconds = 0;  // of the last tick
  std::uint64_t ticks = 0, late_ticks = 0, skipped_ticks = 0;   // late: by over 100 ms
  std::size_t live_series = 0, quoted_series = 0;
  std::uint64_t refused_values = 0, duplicate_values = 0;
  watch::KeeperCounts keeper = {};
  std::optional<watch::ForwardCounts> forwarder = {};  // where something is sent
  server::ServerCounts server = {};
  server::QueryCounts queries = {};
  std::optional<double> certificate_end_seconds = {};  // since the epoch
  std::uint64_t failed_reloads = 0;
  std::string version = {};
};

class SelfCollector final : public sense::Collector {
 public:
  SelfCollector(const OsRoot& root, std::function<SelfFigures()> figures);
  Result<void> collect(metric::Frame& frame) override;

 private:
  std::function<SelfFigures()> figures_;
  long page_size_bytes_;
  sense::KernelFile statm_;
  std::string buffer_;
};

}  // namespace ullage::daemon
