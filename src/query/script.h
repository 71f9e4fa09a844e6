// SPDX-License-Identifier: Apache-2.0
// Runs a test script of Prometheus's promqltest against the engine. Each eval passes, fails, or is skipped
// under the name of what Ullage has not (native histograms, experimental syntax). As Prometheus does it, an
// instant query is also asked with its time pinned by @, at other times, and as a step of a range query.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "query/engine.h"

namespace ullage::query {

struct ScriptReport {
  std::size_t passed = 0, failed = 0, skipped = 0;
  std::vector<std::string> failures;                 // "line 12: what, in which query"
  std::map<std::string, std::size_t> skipped_under;  // by feature
};

ScriptReport run_script(std::string_view script, const Engine& engine);

}  // namespace ullage::query
