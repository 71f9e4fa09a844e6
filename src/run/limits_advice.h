// SPDX-License-Identifier: Apache-2.0
// The request that fits: how much memory, how many cores, how long and how many tasks to ask a scheduler
// for, from one run or all runs of a name, with the margin and why; and that in other tools' words. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "run/figures.h"
#include "run/record.h"

namespace ullage::run {

// What a peak seen in so many runs should be given: more margin the fewer runs it was seen in and the more
// they differed (spread: standard deviation over mean), rounded up to a size that a person would write.
double memory_with_margin(double peak_bytes, std::size_t runs, double spread = 0);
double memory_margin(std::size_t runs, double spread);
double cores_with_margin(double cores_busy);

struct Observation {
  Record record;
  Figures figures;
};

struct Suggestion {
  double value;
  std::string evidence;
};

struct LimitsAdvice {
  std::string subject;            // "train", or the id of one run
  std::vector<std::string> runs;  // ids it rests on, newest first
  std::optional<Suggestion> memory_bytes;
  std::optional<Suggestion> cores;
  std::optional<Suggestion> seconds;
  std::optional<Suggestion> tasks;    // processes and threads, which pids limits count
  double margin = 0;                  // of memory, as a ratio
  std::vector<std::string> cautions;  // why it may be wrong: one run only, a run that was killed
};

// An error when no run has an end to learn from.
Result<LimitsAdvice> advise_limits(std::string subject, std::span<const Observation> runs);

enum class OtherTool { ullage, slurm, kubernetes, docker, systemd };
Result<OtherTool> parse_other_tool(std::string_view name);
std::string in_words_of(OtherTool tool, const LimitsAdvice& advice);
std::string limits_text(const LimitsAdvice& advice);
nlohmann::json limits_json(const LimitsAdvice& advice);

}  // namespace ullage::run
