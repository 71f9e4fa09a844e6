// SPDX-License-Identifier: Apache-2.0
#include "cli/heap_growth.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/heap_question.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "run/growth_verdicts.h"
#include "run/heap_profiles.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/series_view.h"
#include "run/show_text.h"

namespace ullage::cli {

namespace {

constexpr std::string_view kHowToProfile = "`ullage run --heap -- CMD` makes a profile";

Result<void> keep_process(run::Record& record, std::uint32_t process) {
  const std::string pid = "(" + std::to_string(process) + ")";
  std::erase_if(record.growth, [&](const run::Growth& growth) { return !growth.process.ends_with(pid); });
  if (!record.growth.empty()) return {};
  return fail("process " + std::to_string(process) + " was too small, or alone, to be judged apart",
              "--process", "leave it out, to see the whole run");
}

}  // namespace

std::optional<int> answer_from_samples(const GrowthQuestion& question, const Common& common,
                                       const Console& console) {
  const auto path = find_wanted(common, console, question.run);
  if (!path || run::has_heap(*path)) return std::nullopt;
  for (const std::string& kind : question.fail_on)
    if (kind != "growing")
      return refuse(console, {.what = "what is " + kind + " only a profile of the heap tells",
                              .where = "--fail-on",
                              .hint = std::string(kHowToProfile)});
  auto loaded = run::load_run(*path);
  if (!loaded) return refuse(console, loaded.error());
  run::Record& record = loaded->record;
  record.growth = run::growth_verdicts(*loaded);
  if (question.process)
    if (const auto kept = keep_process(record, *question.process); !kept)
      return refuse(console, kept.error());
  if (question.json)
    print_json(console,
               {{"run", record.id}, {"from", "samples"}, {"growth", run::to_json(record)["growth"]}});
  else if (record.growth.empty())
    console.out << "The run has no samples to tell growth from.\n";
  else
    console.out
        << "From the run's samples alone; which line it is, a profile tells (ullage run --heap -- CMD).\n\n"
        << run::growth_lines(record.growth, look_of(console));
  const bool fails = !question.fail_on.empty() && std::ranges::any_of(record.growth, run::is_growing);
  return fails ? 1 : 0;
}

std::vector<run::Growth> growth_beside(const HeapRun& run) {
  const auto loaded = run::load_run(run.path);
  if (!loaded) return {};
  auto verdicts = run::growth_verdicts(loaded->record, run::view_of(loaded->series), run.profiles);
  std::erase_if(verdicts, [](const run::Growth& growth) {
    return !run::is_growing(growth) || growth.resource == "memory" || growth.resource == "anonymous";
  });
  return verdicts;
}

}  // namespace ullage::cli
