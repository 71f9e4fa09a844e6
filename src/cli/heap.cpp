// SPDX-License-Identifier: Apache-2.0
#include "cli/heap.h"

#include <vector>

#include "cli/heap_scan.h"
#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_heap(CLI::App& parent, Common&, Console& console) {
  CLI::App* app = parent.add_subcommand("heap", "What the heap profiles of a run say");
  app->require_subcommand(1);
  return {add_heap_scan(*app, console)};
}

}  // namespace ullage::cli
