// SPDX-License-Identifier: Apache-2.0
// Whether a query's answer is what a script expects: values within Prometheus's tolerance, annotations by
// text or pattern.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "query/engine.h"
#include "query/script_commands.h"

namespace ullage::query {

// An error says how it differs.
Result<void> check_answer(const EvalCommand& eval, const QueryResult& answer);
Result<void> check_annotations(const EvalCommand& eval, const QueryResult& answer);
Result<void> check_failure(const EvalCommand& eval, const Error& error);

// The vector or scalar that a range query has at one of its steps.
QueryResult at_step(const QueryResult& matrix, QueryResult::Kind kind, std::int64_t time_ms);

}  // namespace ullage::query
