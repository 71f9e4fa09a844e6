// SPDX-License-Identifier: Apache-2.0
// A curve over time as lines of text: filled with eighths of blocks, or with plain ASCII where the terminal
// does not speak UTF-8; with the limit as a line and the phases as marks below. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "history/series_file.h"
#include "run/style.h"

namespace ullage::run {

struct ChartMark {
  std::int64_t time_ms;
  std::string text;  // any bytes
};

struct TextChart {
  std::string title;
  std::vector<history::Sample> samples;  // in order of time
  // greatest: a gauge, held until the next sample; average: a rate since the sample before.
  enum class Fold { greatest, average } fold = Fold::greatest;
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
  std::optional<double> limit;                // drawn where it is not far above the curve, else said
  std::string limit_text;                     // "limit 2.00 GiB", "2 available"
  std::function<std::string(double)> format;  // of a value, for the axis
  std::vector<ChartMark> marks;
  // Of a moment, for the axis; where there is none it says how long after the begin.
  std::function<std::string(std::int64_t time_ms)> format_time = {};
};

struct ChartLook {
  std::size_t width = 80;
  std::size_t height = 6;  // lines of the curve
  bool utf8 = true;
  Style style;
};

// Empty when there is no sample. Every line is ended.
std::string chart_text(const TextChart& chart, const ChartLook& look);

}  // namespace ullage::run
