// SPDX-License-Identifier: Apache-2.0
// Prometheus's HTTP API v1, the part that reads the history: parsed questions in, responses out. Runs on a
// thread of the desk, with a source of its own. Everything an answer can be wrong about is an error with the
// API's type: bad_data for what was asked, execution for what came of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "history/series_source.h"
#include "metric/live_series.h"
#include "query/budget.h"
#include "query/engine.h"
#include "server/api_v1_parameters.h"
#include "server/http_message.h"
#include "server/metrics_page.h"
#include "server/query_desk.h"

namespace ullage::server {

// How much of an answer is wanted, and whether what it cost.
struct AnswerForm {
  std::size_t limit = 0;  // series; 0: all
  bool has_stats = false;
  const Clock& clock;
  std::chrono::nanoseconds asked_at{0};  // by that clock
};
Response answer_instant(const query::Engine& engine, const InstantQuestion& question, const AnswerForm& form,
                        const OpenedSource& source, const query::Stop& stop);
Response answer_range(const query::Engine& engine, const RangeQuestion& question, const AnswerForm& form,
                      const OpenedSource& source, const query::Stop& stop);

using Selections = std::vector<history::Selection>;
Response answer_series(const Selections& selections, std::size_t limit, const OpenedSource& source,
                       const query::Stop& stop);
Response answer_label_names(const Selections& selections, std::size_t limit, const OpenedSource& source,
                            const query::Stop& stop);
Response answer_label_values(const std::string& label, const Selections& selections, std::size_t limit,
                             const OpenedSource& source, const query::Stop& stop);
// How many series the history has had lately, by name and label.
Response answer_tsdb(std::int64_t now_ms, std::int64_t lookback_ms, const OpenedSource& source,
                     const query::Stop& stop);
// The newest values as text, for another Prometheus: those not older than the lookback.
Response answer_federate(const Selections& selections, std::int64_t now_ms, std::int64_t lookback_ms,
                         const metric::Families& said, MetricNames names, const OpenedSource& source,
                         const query::Stop& stop);

}  // namespace ullage::server
