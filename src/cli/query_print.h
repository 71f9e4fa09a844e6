// SPDX-License-Identifier: Apache-2.0
// A query's answer for people: a table, curves of text, or CSV. Pure.
#pragma once

#include <string>

#include "query/engine.h"
#include "run/style.h"

namespace ullage::cli {

struct QueryLook {
  run::Style style;
  std::size_t width = 0;  // of the terminal; 0 for any
  bool utf8 = true;
  bool is_of_run = false;  // whose time counts from its begin
};

// A vector: a line a series. A matrix: a line a series with its least, greatest and last value.
std::string query_table(const query::QueryResult& result, const QueryLook& look);
// Of a matrix; the first series only, and how many others there are.
std::string query_charts(const query::QueryResult& result, std::int64_t begin_ms, std::int64_t end_ms,
                         const QueryLook& look);
std::string query_csv(const query::QueryResult& result);  // time, series, value: a line a point

}  // namespace ullage::cli
