// SPDX-License-Identifier: Apache-2.0
// Any bytes as a scrape file: targets or errors with their places, never both.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sense/custom/scrape_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<ullage::Error> errors;
  const ullage::sense::ScrapePlan plan = ullage::sense::parse_scrape_config(text, "f", errors);
  ullage::check(errors.empty() || (plan.targets.empty() && plan.dropped.empty()),
                "a file with an error has no targets");
  ullage::check(plan.targets.size() <= ullage::sense::kScrapeTargetsMax, "targets are bounded");
  for (const ullage::Error& error : errors)
    ullage::check(error.where.starts_with("f:"), "an error has its place");
  return 0;
}
