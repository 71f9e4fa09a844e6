// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "act/command_lookup.h"
#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/verb.h"
#include "run/advice.h"
#include "run/catalog.h"
#include "run/figures.h"
#include "run/growth_verdicts.h"
#include "run/heap_profiles.h"
#include "run/record.h"
#include "run/report.h"
#include "run/run_file.h"
#include "run/series_view.h"
#include "run/summary.h"
#include "run/words.h"
#include "session/supervisor.h"
#include "web_assets/report_page.h"

namespace ullage::cli {

namespace {

constexpr int kOwnFailure = 125;
constexpr std::size_t kProblemsTold = 5;  // of heap profiles

struct RunFlags {
  RunArguments arguments;
  bool quiet = false;
  std::string json_path, report_path;
};

// The command is what follows "--"; without one, what follows the last flag.
Result<std::vector<std::string>> command_of(Command verb, const Common& common) {
  if (!common.after_dashes.empty()) {
    const auto stray = verb.left_over();
    if (stray.empty()) return common.after_dashes;
    const std::string& word = stray.front();
    return fail((word.starts_with("-") ? "unknown flag '" : "unexpected '") + printable(word) + "' before --",
                {}, suggestion(verb, word));
  }
  auto command = verb.left_over();
  if (command.empty()) return fail("no command to run", {}, "as in `ullage run -- python3 train.py`");
  if (command.front().starts_with("-"))
    return fail("unknown flag '" + printable(command.front()) + "'", {}, suggestion(verb, command.front()));
  return command;
}

int own_failure(const Console& console, const Error& error, int code) {
  console.err << "ullage: " << error.text() << '\n';
  return code;
}

// From the file where there is one: what `show` will say.
run::Figures figures(const run::Record& record, const std::optional<run::LoadedRun>& loaded) {
  if (!loaded) return run::figures_of(record, nullptr);
  const run::SeriesView view = run::view_of(loaded->series);
  return run::figures_of(record, &view);
}

// run.growth_gate: a run that did its work but whose memory only grew is a failed test.
int gated(int exit_code, const run::Figures& figures, bool quiet, const Console& console) {
  if (exit_code != 0 || !run::grew_to_the_end(figures)) return exit_code;
  if (!quiet)
    console.err << fmt::format("ullage: failed by run.growth_gate: memory grew to the end, by {}/s\n",
                               format_bytes(figures.growth->bytes_per_second));
  return 1;
}

// Before the command has run for hours.
Result<void> check_outputs(const RunFlags& flags) {
  for (const auto& [flag, path] : {std::pair("--json", &flags.json_path), {"--report", &flags.report_path}})
    if (*path == "-")
      return fail("standard output is the command's own", flag,
                  "name a file, as in " + std::string(flag) +
                      (path == &flags.json_path ? " run.json" : " report.html"));
  return {};
}

Result<void> write_outputs(const RunFlags& flags, const run::Record& record,
                           std::optional<run::LoadedRun>& loaded) {
  if (!flags.json_path.empty())
    if (auto written = replace_file(flags.json_path, run::to_json(record).dump(2) + '\n'); !written)
      return written;
  if (flags.report_path.empty()) return {};
  if (!loaded) return fail("there is no report of a run that could not be kept", flags.report_path);
  loaded->record = record;
  auto page = run::report_html(web_assets::report_page(), *loaded);
  if (!page) return pass_on(page);
  return replace_file(flags.report_path, *page);
}

// How a person names this run to `ullage show`: @1 while no other is newer, its id; its path where a plain
// `ullage show` looks elsewhere. Empty when it was not kept.
std::string run_argument(const session::Outcome& outcome, const std::string& state, const Console& console) {
  if (outcome.file_path.empty()) return {};
  const auto usual_state = Common{}.state(console);
  if (!usual_state || *usual_state != state) return run::shell_quoted(std::vector{outcome.file_path});
  const auto newest = run::find_run(state, "@1");
  return newest && *newest == outcome.file_path ? "@1" : outcome.record.id;
}

void fold_heap(const std::string& path, bool is_quiet, const Console& console) {
  const auto folded = run::fold_heap(path);
  if (is_quiet) return;
  if (!folded) {
    console.err << "ullage: the heap profile cannot be kept in the run's file: " << folded.error().text()
                << '\n';
    return;
  }
  std::size_t told = 0;
  for (const run::FoldedHeap::Problem& problem : folded->problems)
    if (told++ < kProblemsTold)
      console.err << fmt::format("ullage: heap profile of process {}: {}\n", problem.pid,
                                 printable(problem.text));
  if (told > kProblemsTold)
    console.err << fmt::format("ullage: and {} more, which `ullage heap top` tells\n", told - kProblemsTold);
}

int act_run(Command verb, const RunFlags& flags, const Common& common, Console& console) {
  auto settings = common.settings(console);
  if (!settings) return own_failure(console, settings.error(), kOwnFailure);
  if (auto files = check_outputs(flags); !files) return own_failure(console, files.error(), kOwnFailure);
  RunArguments arguments = flags.arguments;
  auto command = command_of(verb, common);
  if (!command) return own_failure(console, command.error(), kOwnFailure);
  arguments.command = *std::move(command);
  auto options = run_options(*settings, arguments, console);
  if (!options) return own_failure(console, options.error(), kOwnFailure);

  const bool summary = settings->flag("run.summary") && !flags.quiet;
  const bool memory_warnings = settings->flag("run.warn");
  const auto say = [&](const run::Event& event) {
    if (flags.quiet || (event.kind == "memory_warning" && !memory_warnings)) return;
    console.err << "ullage: " + event.text + '\n' << std::flush;
  };
  const auto outcome = session::supervise(*options, console.clock, console.root, say);
  if (!outcome) return own_failure(console, outcome.error(), act::exit_code_of(outcome.error()));

  if (options->heap && !outcome->file_path.empty()) fold_heap(outcome->file_path, flags.quiet, console);
  std::optional<run::LoadedRun> loaded;
  const bool gate = settings->flag("run.growth_gate");
  // Nobody reads what would be said: `show` works it out again from the file.
  const bool is_told = summary || gate || !flags.json_path.empty() || !flags.report_path.empty();
  if (is_told && !outcome->file_path.empty())
    if (auto file = run::load_run(outcome->file_path)) loaded = *std::move(file);
  run::Record record = outcome->record;
  if (loaded) record.growth = run::growth_verdicts(*loaded);
  const run::Figures told = figures(record, loaded);
  record.advice = run::advise(told);
  const auto written = write_outputs(flags, record, loaded);
  if (!settings->flag("run.advice")) record.advice.clear();
  if (summary)
    console.err << run::summary_text(
        record, {.colour = console.err_colour,
                 .report_path = written ? flags.report_path : "",
                 .run_argument = run_argument(*outcome, options->state_directory, console)});
  if (!written) console.err << "ullage: " << written.error().text() << '\n';
  const run::GcPolicy policy{.keep_runs = settings->count("runs.keep"),
                             .keep_bytes = settings->bytes("runs.keep_bytes")};
  run::collect_garbage_when_due(options->state_directory, policy, console.clock.wall_ms());
  return gate ? gated(outcome->exit_code, told, flags.quiet, console) : outcome->exit_code;
}

}  // namespace

std::vector<Verb> add_run(Command parent, Common& common, Console& console) {
  const Command verb = parent.verb(
      "run", "Measure, limit and watch one command: ullage run [OPTIONS] -- COMMAND [ARGUMENTS…]");
  auto flags = std::make_shared<RunFlags>();
  verb.runs_a_command();
  verb.option("--name", flags->arguments.name, "what to call this run; the command's name otherwise");
  verb.option("--tag", flags->arguments.tags, "key=value, may be given more than once");
  verb.flag("-q,--quiet", flags->quiet, "say nothing, neither warnings nor the summary");
  verb.option("--json", flags->json_path, "write the run's figures to this file");
  verb.option("--report", flags->report_path, "write the HTML report to this file");
  common.setting(verb, "-m,--memory", "limits.memory", "hard limit of memory, as 4G").group("Limits");
  common.setting(verb, "--cpus", "limits.cpus", "hard limit of processors, as 1.5").group("Limits");
  common.setting(verb, "--pids", "limits.pids", "hard limit of processes, as 500").group("Limits");
  common.setting(verb, "--timeout", "limits.timeout", "end the run after this long, as 2h").group("Limits");
  common
      .setting_flag(verb, "--strict", "run.strict", "true", "do not start if the kernel cannot hold a limit")
      .group("Limits");
  common.setting(verb, "--grace", "run.grace", "between SIGTERM and SIGKILL, as 10s").group("Limits");
  common.setting(verb, "--horizon", "run.horizon", "warn when the limit is less than this away, as 2m")
      .group("Warnings");
  common.setting(verb, "--warn-at", "run.warn_at", "shares of the limit, as [80%, 90%]").group("Warnings");
  common.setting_flag(verb, "--no-warn", "run.warn", "false", "record warnings, but say nothing")
      .group("Warnings");
  common
      .setting(verb, "--on-pressure", "run.on_pressure",
               "none, stop, term, kill, signal=USR1, exec='COMMAND'")
      .group("Warnings");
  common
      .setting_or_bare(verb, "--heap", "run.heap", "sampled",
                       "profile the heap of all processes; --heap=exact records each allocation")
      .group("Heap");
  common.setting(verb, "--heap-interval", "run.heap_interval", "bytes between two samples, as 512K")
      .group("Heap");
  common.setting(verb, "--heap-rate", "run.heap_rate", "samples a second and thread at most").group("Heap");
  common.setting(verb, "--interval", "run.interval", "between stored samples, as 250ms; auto otherwise");
  common.setting(verb, "--wait", "run.wait", "until the command ends, or all that it started: command, all");
  common.setting_flag(verb, "--no-advice", "run.advice", "false", "no advice in the summary");
  common.setting_flag(verb, "--growth-gate", "run.growth_gate", "true", "exit 1 when memory grew to the end");
  common.setting_flag(verb, "--kill-with-me", "run.kill_with_me", "true",
                      "kill all of the run when ullage itself dies");
  verb.footer("Example: ullage run --memory 4G --report report.html -- python3 train.py");
  return {{verb, [verb, flags, &common, &console] { return act_run(verb, *flags, common, console); }}};
}

}  // namespace ullage::cli
