// SPDX-License-Identifier: Apache-2.0
#include "daemon/source_troubles.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "sense/custom/custom_reading.h"

namespace ullage::daemon {

namespace {

constexpr std::size_t kToldMax = 10;  // of each kind in one look; of the others how many they are

constexpr std::chrono::seconds kSaidEvery(60);

// Whether this is, or is read by, one of those sources.
bool is_of(const std::vector<std::string>& sources, std::string_view what) {
  return std::ranges::any_of(sources, [&](const std::string& source) {
    if (source == "executables" && what.starts_with("exec:")) return true;
    return what.starts_with(source) && (what.size() == source.size() || what[source.size()] == ':');
  });
}

}  // namespace

std::vector<SourceTroubles::Word> SourceTroubles::look(const std::vector<sense::SourceProblem>& problems,
                                                       const std::vector<std::string>& unread,
                                                       std::chrono::nanoseconds now) {
  std::vector<Word> words;
  if (problems.empty() && said_.empty()) return words;
  std::set<std::string_view> down;
  std::size_t new_ones = 0, gone_ones = 0;
  for (const sense::SourceProblem& problem : problems) {
    if (!down.insert(problem.of).second) continue;
    const auto [said, is_new] = said_.try_emplace(problem.of, Said{.at = now});
    if (!is_new && (said->second.holds || now - said->second.at < kSaidEvery)) continue;
    said->second = {.at = now};
    if (++new_ones <= kToldMax)
      words.push_back({.text = printable(problem.of) + " is down: " + printable(problem.text)});
  }
  if (new_ones > kToldMax)
    words.push_back({.text = std::to_string(new_ones - kToldMax) + " more sources are down"});
  for (auto& [source, said] : said_) {
    if (!said.holds || down.contains(source) || is_of(unread, source)) continue;
    said.holds = false;
    if (++gone_ones <= kToldMax)
      words.push_back({.text = printable(source) + " is no longer down", .is_bad = false});
  }
  if (gone_ones > kToldMax)
    words.push_back(
        {.text = std::to_string(gone_ones - kToldMax) + " more sources are no longer down", .is_bad = false});
  std::erase_if(said_,
                [&](const auto& one) { return !one.second.holds && now - one.second.at >= kSaidEvery; });
  return words;
}

}  // namespace ullage::daemon
