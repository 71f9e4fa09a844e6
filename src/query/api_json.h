// SPDX-License-Identifier: Apache-2.0
// A query's answer in the shape of Prometheus's HTTP API v1, which Grafana and promtool read:
// {"status":"success","data":{"resultType":"vector","result":[{"metric":{…},"value":[1795694400,"1"]}]}}.
// Pure.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "query/engine.h"

namespace ullage::query {

// What an answer cost, in Prometheus's shape, for who asks with stats=: only what is known.
struct QueryCost {
  double queue_seconds = 0, evaluation_seconds = 0;
};
std::string api_json(const QueryResult& result, const std::optional<QueryCost>& cost = {});
// type: "bad_data", "execution", "timeout", "canceled", as the API names them.
std::string api_error_json(std::string_view type, const Error& error);

// As the API writes a value: shortest digits that read back the same, no exponent; NaN, +Inf, -Inf.
std::string api_number(double value);
// The nearest that the API has to a moment: seconds, with as many decimals as it needs.
std::string api_seconds(std::int64_t time_ms);
std::string json_string(std::string_view text);  // quoted; what is not UTF-8 is replaced

}  // namespace ullage::query
