// SPDX-License-Identifier: Apache-2.0
#include "daemon/source_troubles.h"

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sense/custom/custom_reading.h"

namespace ullage::daemon {

namespace {

constexpr std::size_t kToldMax = 10;  // of each kind in one look; of the others how many they are

}  // namespace

std::vector<SourceTroubles::Word> SourceTroubles::look(const std::vector<sense::SourceProblem>& problems) {
  std::vector<Word> words;
  if (problems.empty() && down_.empty()) return words;
  std::set<std::string> now;
  std::size_t new_ones = 0, gone_ones = 0;
  for (const sense::SourceProblem& problem : problems) {
    if (!now.insert(problem.of).second || down_.contains(problem.of) || ++new_ones > kToldMax) continue;
    words.push_back({.text = printable(problem.of) + " is down: " + printable(problem.text)});
  }
  if (new_ones > kToldMax)
    words.push_back({.text = std::to_string(new_ones - kToldMax) + " more sources are down"});
  for (const std::string& source : down_)
    if (!now.contains(source) && ++gone_ones <= kToldMax)
      words.push_back({.text = printable(source) + " is no longer down", .is_bad = false});
  if (gone_ones > kToldMax)
    words.push_back(
        {.text = std::to_string(gone_ones - kToldMax) + " more sources are no longer down", .is_bad = false});
  down_ = std::move(now);
  return words;
}

}  // namespace ullage::daemon
