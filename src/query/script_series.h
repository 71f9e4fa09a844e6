// SPDX-License-Identifier: Apache-2.0
// One line of a test script: a series and its values, `up{job="a"} 1 2+3x4 _ _x2 stale {{count:1}}`, as
// Prometheus's promqltest writes them. Native histograms are taken note of, not read.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/label_set.h"

namespace ullage::query {

struct ScriptValue {
  enum class Kind { omitted, number, histogram };
  Kind kind = Kind::omitted;
  double value = 0;  // kAbsent for a staleness marker
};

struct ScriptSeries {
  LabelSet labels;
  std::vector<ScriptValue> values;
  bool has_start_times = false;  // a line name@st stood before it, or @st before them all
};

Result<ScriptSeries> parse_script_series(std::string_view line);

}  // namespace ullage::query
