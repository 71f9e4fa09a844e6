// SPDX-License-Identifier: Apache-2.0
// The lines that a program writes to ULLAGE_SOCKET: phases, own values, events. One line is one statement:
//
//     phase NAME begin|end
//     gauge METRIC NUMBER [LABEL=VALUE …]
//     counter METRIC [+]NUMBER [LABEL=VALUE …]
//     event TEXT…
//
// NAME and VALUE are words, or texts in double quotes with \" \\ and \n inside. Names follow Prometheus. An
// empty line or one that starts with '#' says nothing. docs/formats/emit-lines.md. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::sense {

constexpr std::size_t kLineLimitBytes = 4096;  // of a line, its end not counted
constexpr std::size_t kMetricNameLimit = 200;
constexpr std::size_t kPhaseNameLimit = 64;
constexpr std::size_t kEventTextLimit = 1024;
constexpr std::size_t kLabelLimit = 16;
constexpr std::size_t kLabelValueLimit = 256;

struct PhaseLine {
  std::string name;
  bool begins = true;
};
struct GaugeLine {
  std::string name;
  double value = 0;
  metric::Labels labels;  // sorted by name
};
struct CounterLine {
  std::string name;
  double increment = 0;  // never negative
  metric::Labels labels;
};
struct EventLine {
  std::string text;
};
struct BlankLine {};
using Line = std::variant<PhaseLine, GaugeLine, CounterLine, EventLine, BlankLine>;

// A line without its '\n'. An error's `where` is "column 7".
Result<Line> parse_line(std::string_view text);
// The inverse, without a line end, for those who send.
std::string format_line(const Line& line);

}  // namespace ullage::sense
