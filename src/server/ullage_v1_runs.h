// SPDX-License-Identifier: Apache-2.0
// Runs and what was noted as JSON: the list, and warnings of all runs and of the daemon, newest first. Values
// in, text out. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "run/catalog_view.h"

namespace ullage::server {

// What the program itself had to say.
struct Note {
  std::int64_t time_ms = 0;
  std::string severity = "info";  // "info", "warning", "critical"
  std::string text = {};
};

std::string runs_json(const run::CatalogView::Look& look, std::size_t limit);
std::string events_json(const run::CatalogView::Look& look, const std::vector<Note>& notes,
                        std::size_t limit);

}  // namespace ullage::server
