// SPDX-License-Identifier: Apache-2.0
// Text of a query to a tree: the language of Prometheus 3 on floats and classic histograms. What the tree
// holds is well-typed. An error's text has the place, a caret and what would be right (query_error.h).
#pragma once

#include <string_view>

#include "base/result.h"
#include "query/ast.h"
#include "query/function_table.h"

namespace ullage::query {

// How deep a tree may be, counting a chain of operators too: whoever walks it recurses.
constexpr std::size_t kDepthMax = 500;

// How an error begins when the query is right in Prometheus but uses what Ullage has not (native histograms,
// some experimental syntax); the feature follows.
constexpr std::string_view kUnsupported = "not supported: ";

Result<ExpressionPtr> parse(std::string_view query, const FunctionTable& functions);
// A selector alone, as {job="api"} or up{job="api"}: for those who take matchers.
Result<VectorSelector> parse_selector(std::string_view text);

}  // namespace ullage::query
