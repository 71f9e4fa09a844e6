// SPDX-License-Identifier: Apache-2.0
// An error about a place in a query: where is "line:column" (columns count code points), and under the words
// stand the line of the query and carets below the place.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "query/ast.h"

namespace ullage::query {

Error query_error(std::string_view query, Span span, std::string what, std::string hint = {});

}  // namespace ullage::query
