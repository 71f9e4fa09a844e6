// SPDX-License-Identifier: Apache-2.0
// A query that picks its time by @ gives the same whenever it is asked. promqltest turns each instant query
// into such ones and asks them at several times; so does ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/function_table.h"

namespace ullage::query {

struct ScriptVariant {
  std::string query;
  std::int64_t time_ms = 0;
};

// The query at `time_ms` with that time pinned to each selector by @, and when to ask it; none where its
// value depends on when it is asked.
Result<std::vector<ScriptVariant>> pinned_variants(std::string_view query, std::int64_t time_ms,
                                                   const FunctionTable& functions);

// Whether it calls start(), end(), range() or step(), which mean other things in a range query.
bool asks_for_its_range(std::string_view query);

}  // namespace ullage::query
