// SPDX-License-Identifier: Apache-2.0
#include "cli/heap_question.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "heap/analyze/moments.h"
#include "heap/profile.h"
#include "run/heap_profiles.h"
#include "run/heap_run.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/show_text.h"

namespace ullage::cli {

namespace {

constexpr std::string_view kMomentHelp = "exit, peak, a time since the start (30s), or a phase, for its end";

std::string known_phases(const run::Record& record) {
  std::vector<std::string_view> names;
  for (const run::Phase& phase : record.phases) names.emplace_back(phase.name);
  std::string text = "exit, peak, a time since the start (30s, 5m)";
  for (const std::string_view name : names) text.append(", ").append(printable(name));
  return text;
}

Result<void> keep_process(HeapRun& run, std::uint32_t process) {
  std::string pids;
  for (const heap::Profile& profile : run.profiles)
    pids += (pids.empty() ? "" : ", ") + std::to_string(profile.pid);
  std::erase_if(run.profiles, [process](const heap::Profile& profile) { return profile.pid != process; });
  if (!run.profiles.empty()) return {};
  return fail("no process " + std::to_string(process) + " was profiled", "--process", "there are " + pids);
}

}  // namespace

void add_run_options(Command verb, HeapOptions& options) {
  verb.option("RUN", options.run, kRunArgument).shows_default();
  verb.option("--process", options.process, "only this one, by its pid");
}

void add_json_option(Command verb, HeapOptions& options) {
  verb.flag("--json", options.json, "print the same as JSON");
}

void add_moment_options(Command verb, HeapOptions& options) {
  const Flag at =
      verb.option("--at", options.at, "what lives then: " + std::string(kMomentHelp)).shows_default();
  const Flag since = verb.option("--since", options.since, "what lives at --at more than at this moment");
  verb.option("--between", options.between, "two moments: the same as --since A --at B")
      .takes(2, 2)
      .excludes(since)
      .excludes(at);
  verb.option("--sort", options.sort,
              "live, growth, allocations (all that was allocated) or temporary (what was freed almost at "
              "once)")
      .one_of({"live", "growth", "allocations", "temporary"})
      .shows_default();
}

Result<HeapRun> load_heap_run(const Common& common, const Console& console, const std::string& wanted,
                              std::optional<std::uint32_t> process) {
  const auto path = find_wanted(common, console, wanted);
  if (!path) return fail(path.error());
  auto record = run::load_record(*path);
  if (!record) return pass_on(record);
  const std::string how = "`ullage run --heap -- CMD` makes one";
  if (!run::has_heap(*path)) return fail("the run has no profile of its heap", *path, how);
  auto profiles = run::load_heap_of(*path, *record);
  if (!profiles) return pass_on(profiles);
  if (profiles->empty())
    return fail("none of the run's processes could be profiled", *path,
                "programs that are linked statically, or change their user, cannot be");
  HeapRun run{*path, std::move(*record), std::move(*profiles)};
  for (const heap::Profile& profile : run.profiles)
    for (const std::string& problem : profile.problems)
      console.err << "ullage: process " << profile.pid << ": " << printable(problem) << '\n';
  if (process)
    if (const auto kept = keep_process(run, *process); !kept) return fail(kept.error());
  return run;
}

Result<heap::Moment> parse_heap_moment(const std::string& text, const run::Record& record) {
  using Kind = heap::Moment::Kind;
  if (text == "exit" || text == "end") return heap::Moment{};
  if (text == "peak") return heap::Moment{Kind::peak};
  // A phase that came several times: its last end.
  for (auto phase = record.phases.rbegin(); phase != record.phases.rend(); ++phase)
    if (phase->name == text) return phase->end_ms ? heap::Moment{Kind::time, *phase->end_ms} : heap::Moment{};
  if (const auto since_start = parse_duration(text))
    return heap::Moment{Kind::time, record.started_ms + since_start->count() / 1'000'000};
  if (const auto moment = parse_moment(text, record.started_ms)) return heap::Moment{Kind::time, *moment};
  return fail("'" + printable(text) + "' is no moment of this run", {}, "there are " + known_phases(record));
}

Result<heap::Question> heap_question(const HeapOptions& options, const run::Record& record) {
  heap::Question question;
  const std::string& at = options.between.size() == 2 ? options.between[1] : options.at;
  const std::string& since = options.between.size() == 2 ? options.between[0] : options.since;
  auto moment = parse_heap_moment(at, record);
  if (!moment) return pass_on(moment);
  question.at = *moment;
  if (!since.empty()) {
    auto begin = parse_heap_moment(since, record);
    if (!begin) return pass_on(begin);
    question.since = *begin;
  }
  if (options.sort == "allocations")
    question.measure = heap::Measure::allocated;
  else if (options.sort == "temporary")
    question.measure = heap::Measure::temporary;
  else if (options.sort == "growth" || question.since)
    question.measure = heap::Measure::growth;
  return question;
}

run::ShowLook look_of(const Console& console) {
  return {.style = {console.colour}, .width = text_width(console), .utf8 = speaks_utf8(console)};
}

}  // namespace ullage::cli
