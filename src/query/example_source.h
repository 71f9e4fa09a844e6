// SPDX-License-Identifier: Apache-2.0
// For tests: a source out of lines of a test script, `up{job="a"} 1 2 3`, a minute apart from 0 on.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "query/script_series.h"
#include "query/script_source.h"

namespace ullage::query {

inline ScriptSource example_source(std::initializer_list<std::string_view> lines) {
  std::vector<ScriptSeries> series;
  for (const std::string_view line : lines) {
    auto parsed = parse_script_series(line);
    check(parsed.has_value(), "the lines of an example are right");
    series.push_back(std::move(*parsed));
  }
  ScriptSource source;
  source.load(series, 60'000);
  return source;
}

}  // namespace ullage::query
