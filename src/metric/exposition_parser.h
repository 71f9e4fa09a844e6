// SPDX-License-Identifier: Apache-2.0
// Reads what programs expose of themselves: Prometheus's text format 0.0.4 and OpenMetrics 1.0, a whole text
// at once, samples and what stands above them: TYPE, UNIT, HELP. Other comments and exemplars are passed
// over; a time that a sample carries is noted, not kept, for the values are those of now. Reading samples of
// the past is history/exchange's. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/family.h"
#include "metric/series.h"

namespace ullage::metric {

struct ExpositionSample {
  SeriesKey key;  // labels in order, none empty
  double value = 0;
  bool has_time = false;
};

// An OpenMetrics without # EOF was cut. Where nobody says which of the two a text is (a file, a program), it
// is OpenMetrics if that is its last line.
enum class ExpositionForm : unsigned char { plain, open_metrics, by_its_end };

struct ExpositionOptions {
  ExpositionForm form = ExpositionForm::plain;
  std::size_t samples_max = 50'000;  // more is an error
  std::size_t families_max = 5'000;  // what is said of more is passed over
};

struct Exposition {
  std::vector<ExpositionSample> samples = {};  // in the order of the text
  std::vector<Family> families = {};           // of which anything is said, in order of their names
};

// An error's where is "line 3:17".
Result<Exposition> parse_exposition(std::string_view text, const ExpositionOptions& options);

}  // namespace ullage::metric
