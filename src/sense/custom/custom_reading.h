// SPDX-License-Identifier: Apache-2.0
// What one reading of a source of people's own metrics gave: values, or an error, or both (a file of several
// is broken). A plain value, made on the source's thread and handed to the tick.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metric/family.h"
#include "metric/series.h"

namespace ullage::sense {

struct CustomValue {
  metric::SeriesKey key;
  double value = 0;
};

// Something that is wrong with a source, or with one of the files that it reads.
struct SourceProblem {
  std::string of = {};  // "exec:queue", "textfile:/var/lib/ullage/textfile/backup.prom"
  std::string text = {};
  bool operator==(const SourceProblem&) const = default;
};

struct CustomReading {
  std::vector<CustomValue> values = {};
  std::vector<metric::Family> families = {};  // what the source says of them
  std::vector<CustomValue> own_values = {};   // of the source itself, under names that are ours
  std::string error = {};                     // empty: all went well
  std::vector<SourceProblem> problems = {};   // the same one by one, where the source is many files
  bool is_as_before = false;                  // the values are those of the reading before, not read again
  std::uint64_t edition = 0;                  // another with each reading that is not, of any source
  std::int64_t time_ms = 0;
  double duration_seconds = 0;
};

}  // namespace ullage::sense
