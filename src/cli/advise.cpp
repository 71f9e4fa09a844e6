// SPDX-License-Identifier: Apache-2.0
#include "cli/advise.h"

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "run/catalog.h"
#include "run/figures.h"
#include "run/limits_advice.h"
#include "run/run_file.h"

namespace ullage::cli {

namespace {

// The newest of a name: older ones speak of a program that has changed since, and each costs its reading.
constexpr std::size_t kRunsOfAName = 50;

struct Options {
  std::string subject = "@1";
  std::string as;
  bool json = false;
};

Result<run::Observation> observed(const std::string& path) {
  auto loaded = run::load_run(path);
  if (!loaded) return pass_on(loaded);
  run::Figures figures = figures_of(*loaded);
  return run::Observation{std::move(loaded->record), std::move(figures)};
}

// All runs of that name, if there are any; else the one run that is meant.
Result<std::vector<std::string>> paths_of(const std::string& state, const std::string& subject) {
  const auto entries = run::list_runs(state);
  if (!entries) return fail(entries.error());
  std::vector<std::string> paths;
  for (const run::CatalogEntry& entry : *entries)
    if (entry.problem.empty() && entry.record.name == subject && paths.size() < kRunsOfAName)
      paths.push_back(entry.path);
  if (!paths.empty()) return paths;
  auto one = run::find_run(state, subject);
  if (!one) return pass_on(one);
  return std::vector{std::move(*one)};
}

Result<run::LimitsAdvice> advice_on(const std::string& state, const std::string& subject) {
  const auto paths = paths_of(state, subject);
  if (!paths) return fail(paths.error());
  std::vector<run::Observation> runs;
  for (const std::string& path : *paths) {
    auto run = observed(path);
    if (!run && paths->size() == 1) return pass_on(run);
    if (run) runs.push_back(std::move(*run));
  }
  const bool is_one = runs.size() == 1 && runs.front().record.name != subject;
  return run::advise_limits(is_one ? runs.front().record.id : subject, runs);
}

// The evidence as comments, so that all of it can be pasted: '#' begins one in each of these languages.
void print_in_words_of(run::OtherTool tool, const run::LimitsAdvice& advice, const Console& console) {
  const std::string text = run::limits_text(advice);
  for (std::string_view rest = text; !rest.empty();)
    console.out << "# " << trim(take_until(rest, '\n')) << '\n';
  console.out << run::in_words_of(tool, advice);
}

int limits(const Options& options, const Common& common, const Console& console) {
  auto tool = run::OtherTool::ullage;
  if (!options.as.empty()) {
    const auto parsed = run::parse_other_tool(options.as);
    if (!parsed) return refuse(console, parsed.error());
    tool = *parsed;
  }
  const auto state = common.state(console);
  if (!state) return refuse(console, state.error());
  const auto advice = advice_on(*state, options.subject);
  if (!advice) return refuse(console, advice.error());
  if (options.json)
    print_json(console, run::limits_json(*advice));
  else if (!options.as.empty())
    print_in_words_of(tool, *advice, console);
  else
    console.out << run::limits_text(*advice) << "  as      " << run::in_words_of(tool, *advice);
  return 0;
}

}  // namespace

std::vector<Verb> add_advise(Command parent, Common& common, Console& console) {
  const Command advise =
      parent.verb("advise", "a value that fits, the evidence, and it in other tools' words");
  auto options = std::make_shared<Options>();
  const Command verb =
      advise.verb("limits", "the memory, cores, time and tasks to ask for, from a run or all runs of a name");
  verb.option("RUN", options->subject, "a name, for all runs of it; or " + std::string(kRunArgument))
      .shows_default();
  verb.option("--as", options->as, "whose words: ullage, slurm, kubernetes, docker or systemd");
  verb.flag("--json", options->json, "print value, evidence and every tool's words as JSON");
  verb.footer(
      "The margin is 30 % after one run and shrinks to 10 % as more alike runs are seen; runs that differ "
      "get more.\n"
      "Examples:\n"
      "  ullage advise limits\n"
      "  ullage advise limits train --as slurm");
  return {{advise, {}}, {verb, [options, &common, &console] { return limits(*options, common, console); }}};
}

}  // namespace ullage::cli
