// SPDX-License-Identifier: Apache-2.0
// `ullage heap leaks` of a run without a profile: the verdict about growth that its samples give. Whether
// anything is lost, or merely kept, samples do not tell.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cli/verb.h"

namespace ullage::cli {

struct GrowthQuestion {
  std::string run;
  std::optional<std::uint32_t> process;
  std::span<const std::string> fail_on;
  bool json = false;
};

// The exit code; absent when the run has a profile, or cannot be found.
std::optional<int> answer_from_samples(const GrowthQuestion& question, const Common& common,
                                       const Console& console);

}  // namespace ullage::cli
