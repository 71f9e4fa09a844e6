// SPDX-License-Identifier: Apache-2.0
// What the verbs of `ullage heap` share: the run and the profiles of its processes, and the moments that are
// asked for in words ("peak", "30s", the name of a phase).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/verb.h"
#include "heap/analyze/flame.h"
#include "heap/analyze/moments.h"
#include "heap/profile.h"
#include "run/record.h"
#include "run/show_text.h"

namespace ullage::cli {

struct HeapRun {
  std::string path;
  run::Record record;
  std::vector<heap::Profile> profiles;  // one a process; at least one
};

struct HeapOptions {
  std::string run = "@1";
  std::string at = "exit", since;
  std::vector<std::string> between;
  std::optional<std::uint32_t> process;
  std::string sort = "live";
  bool json = false;
};

void add_run_options(Command verb, HeapOptions& options);
void add_json_option(Command verb, HeapOptions& options);
void add_moment_options(Command verb, HeapOptions& options);

// A run without a profile is an error that says how to get one. What is damaged in it is told on err.
Result<HeapRun> load_heap_run(const Common& common, const Console& console, const std::string& wanted,
                              std::optional<std::uint32_t> process);

// "exit", "peak", a time since the start ("30s"), a moment ("2026-11-26T12:00:00Z"), or a phase: its end.
Result<heap::Moment> parse_heap_moment(const std::string& text, const run::Record& record);
// --since and --between make it growth; --sort allocations and temporary, all since.
Result<heap::Question> heap_question(const HeapOptions& options, const run::Record& record);

run::ShowLook look_of(const Console& console);

}  // namespace ullage::cli
