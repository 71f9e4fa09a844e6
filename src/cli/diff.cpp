// SPDX-License-Identifier: Apache-2.0
#include "cli/diff.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "run/diff.h"
#include "run/fail_on.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::cli {

namespace {

struct Options {
  std::string before, after;
  std::vector<std::string> fail_on;
  std::string format = "text";
  bool json = false;
  bool all = false;
};

Result<run::Record> record_of(const Common& common, const Console& console, const std::string& wanted) {
  const auto path = find_wanted(common, console, wanted);
  if (!path) return fail(path.error());
  return run::load_record(*path);
}

void print(const run::Diff& diff, const Options& options, const Console& console) {
  if (options.json || options.format == "json")
    print_json(console, run::diff_json(diff));
  else if (options.format == "md")
    console.out << run::diff_markdown(diff, options.all);
  else
    console.out << run::diff_text(diff, {console.colour}, text_width(console), options.all);
}

int compare(const Options& options, const Common& common, const Console& console) {
  // A mistyped gate is told before files are opened.
  std::vector<run::FailOn> gates;
  for (const std::string& text : options.fail_on) {
    auto gate = run::parse_fail_on(text);
    if (!gate) return refuse(console, gate.error());
    gates.push_back(std::move(*gate));
  }
  auto before = record_of(common, console, options.before);
  if (!before) return refuse(console, before.error());
  auto after = record_of(common, console, options.after);
  if (!after) return refuse(console, after.error());
  const auto diff = run::compare(std::move(*before), std::move(*after), gates);
  if (!diff) return refuse(console, diff.error());
  print(*diff, options, console);
  return diff->crossed() ? 1 : 0;
}

}  // namespace

std::vector<Verb> add_diff(Command parent, Common& common, Console& console) {
  auto options = std::make_shared<Options>();
  const Command verb =
      parent.verb("diff", "what changed from one run to another; exit 1 when a --fail-on is crossed");
  verb.option("BEFORE", options->before, kRunArgument).required();
  verb.option("AFTER", options->after, "the run that is compared with it").required();
  verb.option("--fail-on", options->fail_on,
              "a gate, any number of times: a figure as the JSON names it, > or <, and a change with its "
              "sign ('wall_seconds>+10%', "
              "'memory.peak_bytes>+64M') or a bound without one ('memory.peak_bytes>4G'). A figure that "
              "only one run has crosses it")
      .one_each_time();
  verb.option("--format", options->format, "text, md or json").one_of({"text", "md", "json"}).shows_default();
  verb.flag("--json", options->json, "the same as --format json");
  verb.flag("--all", options->all, "every figure, changed or not");
  verb.footer(
      "Exit: 0 no gate is crossed, 1 one is, 2 the call was wrong.\n"
      "Examples:\n"
      "  ullage diff @2 @1\n"
      "  ullage diff base @1 --fail-on 'memory.peak_bytes>+5%' --fail-on 'wall_seconds>+10%' --format md");
  return {{verb, [options, &common, &console] { return compare(*options, common, console); }}};
}

}  // namespace ullage::cli
