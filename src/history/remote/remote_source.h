// SPDX-License-Identifier: Apache-2.0
// Another machine's samples, asked of Prometheus's HTTP API v1 (Prometheus 2 and 3, VictoriaMetrics, and what
// speaks as they do): raw samples by instant queries of a range selector, a stretch at a time, so that no
// answer is too large. The API leaves staleness markers out: gaps are marked by distance, as for our own
// files. A call blocks for as long as the peer and the options let it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

#include "base/http_client.h"
#include "base/result.h"
#include "history/series_source.h"

namespace ullage::history {

struct RemoteOptions {
  std::string url;  // http://host:9090, with a path before /api/v1 where a proxy wants one
  HttpOptions http;
  std::size_t samples_max = 20'000'000;  // of one selection, all in memory: 16 bytes each
  std::chrono::milliseconds slice{
      std::chrono::hours(6)};  // the first stretch; later ones go by its answer's size
  std::stop_token stop;        // ends calls that are under way
};

class RemoteSource final : public SeriesSource {
 public:
  // Asks nothing yet.
  static Result<RemoteSource> open(RemoteOptions options);
  RemoteSource(RemoteSource&&) noexcept;
  RemoteSource& operator=(RemoteSource&&) noexcept;
  ~RemoteSource() override;

  Result<void> select(const Selection& selection, const VisitSamples& visit) const override;
  // As the peer has it: Prometheus may name a series whose samples end a little before the stretch, and
  // VictoriaMetrics one that was there on the same day.
  Result<void> select_series(const Selection& selection, const VisitSeries& visit) const override;

 private:
  struct Impl;
  explicit RemoteSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::history
