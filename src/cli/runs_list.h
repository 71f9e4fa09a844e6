// SPDX-License-Identifier: Apache-2.0
// ullage runs list: which runs, and how they are shown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/catalog.h"
#include "run/style.h"

namespace ullage::cli {

struct RunFilter {
  std::string name;                                       // exactly; empty for any
  std::vector<std::pair<std::string, std::string>> tags;  // all of them
  std::string status;  // running, finished, failed, oom, interrupted, damaged; empty for any
  std::optional<std::int64_t> since_ms;
  std::size_t newest = 0;  // at most so many, 0 for all
};

// "2h" before now, or a day ("2026-11-24", UTC).
Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms);
Result<std::string> parse_status(std::string_view text);

std::vector<run::CatalogEntry> filtered(std::vector<run::CatalogEntry> entries, const RunFilter& filter);
std::string runs_table(std::span<const run::CatalogEntry> entries, std::int64_t now_ms,
                       const run::Style& style, std::size_t width);
nlohmann::json runs_json(std::span<const run::CatalogEntry> entries);

}  // namespace ullage::cli
