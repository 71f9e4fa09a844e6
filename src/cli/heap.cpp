// SPDX-License-Identifier: Apache-2.0
#include "cli/heap.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/heap_growth.h"
#include "cli/heap_question.h"
#include "cli/heap_scan.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/compare.h"
#include "heap/analyze/export.h"
#include "heap/analyze/flame.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/top.h"
#include "heap/analyze/verdicts.h"
#include "run/heap_scan.h"
#include "run/heap_text.h"
#include "run/record.h"
#include "run/report.h"
#include "run/run_file.h"
#include "run/show_text.h"
#include "run/words.h"
#include "web_assets/report_page.h"

namespace ullage::cli {

namespace {

constexpr std::size_t kNodesMax = 500'000;
constexpr std::chrono::seconds kScanPatience{5};

struct Options : HeapOptions {
  std::string by = "site";
  std::size_t rows = 20;
  bool inverted = false;
  std::vector<std::string> fail_on;
  bool scan = false;
  std::string format = "pprof";
  std::string output;
  std::string before, after;
};

heap::By by_of(std::string_view name) {
  for (const auto& [known, by] :
       {std::pair("function", heap::By::function), std::pair("module", heap::By::module),
        std::pair("thread", heap::By::thread), std::pair("size", heap::By::size),
        std::pair("process", heap::By::process), std::pair("kind", heap::By::kind)})
    if (name == known) return by;
  return heap::By::site;
}

// To the file, or to out where it is "-" or empty.
int write_out(const std::string& bytes, const std::string& path, const Console& console) {
  if (path.empty() || path == "-") {
    console.out << bytes << std::flush;
    return console.out ? 0 : refuse(console, {.what = "cannot write", .where = "standard output"});
  }
  if (const auto written = replace_file(path, bytes); !written) return refuse(console, written.error());
  console.err << "ullage: wrote " << printable(path) << " ("
              << format_bytes(static_cast<double>(bytes.size())) << ")\n";
  return 0;
}

int top(const Options& options, const Common& common, const Console& console) {
  const auto run = load_heap_run(common, console, options.run, options.process);
  if (!run) return refuse(console, run.error());
  const auto question = heap_question(options, run->record);
  if (!question) return refuse(console, question.error());
  const heap::Top top = heap::top_of(run->profiles, *question, by_of(options.by));
  if (options.json)
    print_json(console, heap::top_json(top, run->record.id, options.rows));
  else
    console.out << run::heap_top_text(top, options.rows, look_of(console));
  return 0;
}

// The run's report, with all of the tree.
int write_page(const std::string& path, const std::string& output, const Console& console) {
  const auto loaded = run::load_run(path);
  if (!loaded) return refuse(console, loaded.error());
  const auto html = run::report_html(web_assets::report_page(), *loaded, kNodesMax);
  if (!html) return refuse(console, html.error());
  return write_out(*html, output, console);
}

int flame(const Options& options, const Common& common, const Console& console) {
  const auto run = load_heap_run(common, console, options.run, options.process);
  if (!run) return refuse(console, run.error());
  const auto question = heap_question(options, run->record);
  if (!question) return refuse(console, question.error());
  if (!options.output.empty()) return write_page(run->path, options.output, console);
  if (options.json) {
    const std::vector<heap::FlameMoment> moments{{std::string(heap::name_of(question->measure)), *question}};
    console.out << heap::flame_data(run->profiles, moments, kNodesMax) << '\n';
    return 0;
  }
  const heap::Calls calls = heap::join_calls(run->profiles);
  const heap::FlameTree tree =
      heap::flame_tree(calls, heap::amounts_by_node(calls, run->profiles, *question));
  console.out << run::heap_flame_text(options.inverted ? heap::inverted(tree) : tree, look_of(console));
  return 0;
}

std::optional<double> room_bytes(const run::Record& record) {
  if (!run::memory_limit_is_set(record.memory) || !record.memory.peak_bytes) return std::nullopt;
  return static_cast<double>(*record.memory.limit_bytes) - static_cast<double>(*record.memory.peak_bytes);
}

Result<run::HeapScan> scan_run(const std::string& wanted, const Common& common, const Console& console) {
  const auto path = find_wanted(common, console, wanted);
  if (!path) return fail(path.error());
  auto scan = run::HeapScan::of(*path, kScanPatience, console.clock, console.root);
  if (!scan) return scan;
  for (const std::string& problem : scan->problems()) console.err << "ullage: " << printable(problem) << '\n';
  if (scan->processes() == 0) return fail("no process of the run could be scanned", *path);
  return scan;
}

int leaks(const Options& options, const Common& common, const Console& console) {
  const GrowthQuestion growth{
      .run = options.run, .process = options.process, .fail_on = options.fail_on, .json = options.json};
  if (const auto answered = answer_from_samples(growth, common, console)) return *answered;
  std::optional<run::HeapScan> scan;
  if (options.scan) {
    auto scanned = scan_run(options.run, common, console);
    if (!scanned) return refuse(console, scanned.error());
    scan.emplace(std::move(*scanned));
  }
  auto run = load_heap_run(common, console, options.run, options.process);
  if (!run) return refuse(console, run.error());
  const heap::Verdicts verdicts = heap::judge(run->profiles, room_bytes(run->record));
  run->record.growth = growth_beside(*run);
  if (options.json) {
    nlohmann::json json = heap::leaks_json(verdicts, run->record.id);
    json["growth"] = run::to_json(run->record)["growth"];
    print_json(console, json);
  } else {
    console.out << run::heap_leaks_text(verdicts, options.rows, look_of(console));
    if (!run->record.growth.empty())
      console.out << "\nBeside the heap, from the run's samples:\n"
                  << run::growth_lines(run->record.growth, look_of(console));
  }
  const bool fails = std::ranges::any_of(verdicts.leaks, [&](const heap::Verdict& verdict) {
    return std::ranges::count(options.fail_on, heap::name_of(verdict.kind)) > 0;
  });
  return fails ? 1 : 0;
}

int diff(const Options& options, const Common& common, const Console& console) {
  const auto before = load_heap_run(common, console, options.before, std::nullopt);
  if (!before) return refuse(console, before.error());
  const auto after = load_heap_run(common, console, options.after, std::nullopt);
  if (!after) return refuse(console, after.error());
  heap::Question question;
  question.at.kind = options.at == "peak" ? heap::Moment::Kind::peak : heap::Moment::Kind::exit;
  if (options.sort == "allocations") question.measure = heap::Measure::allocated;
  const heap::HeapComparison comparison = heap::compare_heaps(before->profiles, after->profiles, question);
  if (options.json)
    print_json(console, heap::comparison_json(comparison, before->record.id, after->record.id, options.rows));
  else
    console.out << run::heap_comparison_text(comparison, options.rows, look_of(console));
  return 0;
}

int export_profile(const Options& options, const Common& common, const Console& console) {
  const auto run = load_heap_run(common, console, options.run, options.process);
  if (!run) return refuse(console, run.error());
  const auto question = heap_question(options, run->record);
  if (!question) return refuse(console, question.error());
  const bool is_binary = options.format == "pprof" || options.format == "perfetto";
  if (is_binary && options.output.empty() && console.out_is_terminal)
    return refuse(console, {.what = options.format + " is binary, and this is a terminal",
                            .hint = "-o FILE writes a file, -o - to standard output all the same"});
  std::string bytes;
  if (options.format == "pprof")
    bytes = heap::export_pprof(run->profiles, question->at);
  else if (options.format == "collapsed")
    bytes = heap::export_collapsed(run->profiles, *question);
  else if (options.format == "speedscope")
    bytes = heap::export_speedscope(run->profiles, *question, run->record.id);
  else
    bytes = heap::export_perfetto(run->profiles);
  return write_out(bytes, options.output, console);
}

Command add_top(Command parent, Options& options) {
  const Command verb = parent.verb("top", "where the memory is: the largest sites, functions, threads…");
  add_run_options(verb, options);
  add_json_option(verb, options);
  add_moment_options(verb, options);
  verb.option("--by", options.by, "site (a stack), function, module, thread, size, process or kind")
      .one_of({"site", "function", "module", "thread", "size", "process", "kind"})
      .shows_default();
  verb.option("-n", options.rows, "how many rows").shows_default();
  verb.footer(
      "Examples:\n"
      "  ullage heap top                          what lives at the end of the last run\n"
      "  ullage heap top --at peak --by function\n"
      "  ullage heap top --between load train     what phase train has kept that load had not");
  return verb;
}

Command add_flame(Command parent, Options& options) {
  const Command verb = parent.verb("flame", "the call tree with what each call's callees hold");
  add_run_options(verb, options);
  add_json_option(verb, options);
  add_moment_options(verb, options);
  verb.flag("--inverted", options.inverted, "from what allocates up to its callers");
  verb.option("-o,--output", options.output,
              "write the run's report with the whole tree as a flame graph; - for standard output");
  verb.footer(
      "Examples:\n"
      "  ullage heap flame --at peak\n"
      "  ullage heap flame -o flame.html\n"
      "  ullage heap flame --inverted @2");
  return verb;
}

Command add_leaks(Command parent, Options& options) {
  const Command verb = parent.verb(
      "leaks", "what grows without end, what is lost, and what has merely settled; exit 1 by --fail-on");
  add_run_options(verb, options);
  add_json_option(verb, options);
  verb.option("-n", options.rows, "how many of each kind").shows_default();
  verb.option("--fail-on", options.fail_on, "exit 1 where there is one: growing, lost or kept")
      .one_of({"growing", "lost", "kept"})
      .separated_by(',');
  verb.flag("--scan", options.scan,
            "of a run that lives: stop each of its processes for a moment to see what is lost by now");
  verb.footer(
      "growing: live bytes rise until the end, and what lives was born all over the run.\n"
      "lost: no pointer to it is left. kept: allocated once, there at the end; no leak.\n"
      "Of a run without a profile its samples tell what grows (memory, threads, open files), not where.\n"
      "Exit: 0 none of --fail-on, 1 there is one, 2 the call was wrong.\n"
      "Example: ullage heap leaks --fail-on growing,lost");
  return verb;
}

Command add_diff_of_heaps(Command parent, Options& options) {
  const Command verb = parent.verb("diff", "what a run holds more or less than another, stack by stack");
  verb.option("BEFORE", options.before, kRunArgument).required();
  verb.option("AFTER", options.after, "the run that is compared with it").required();
  verb.option("--at", options.at, "exit or peak").one_of({"exit", "peak"}).shows_default();
  verb.option("--sort", options.sort, "live or allocations").one_of({"live", "allocations"}).shows_default();
  verb.option("-n", options.rows, "how many rows").shows_default();
  add_json_option(verb, options);
  return verb;
}

Command add_export(Command parent, Options& options) {
  const Command verb = parent.verb("export", "the profile in the form of another tool");
  add_run_options(verb, options);
  add_moment_options(verb, options);
  verb.option("--format", options.format,
              "pprof (gzipped protocol buffer), collapsed (stacks for flame graph scripts), speedscope or "
              "perfetto")
      .one_of({"pprof", "collapsed", "speedscope", "perfetto"})
      .shows_default();
  verb.option("-o,--output", options.output, "the file; - for standard output");
  verb.footer(
      "Examples:\n"
      "  ullage heap export -o heap.pb.gz && go tool pprof -http=: heap.pb.gz\n"
      "  ullage heap export --format collapsed | flamegraph.pl > heap.svg");
  return verb;
}

}  // namespace

std::vector<Verb> add_heap(Command parent, Common& common, Console& console) {
  const Command heap = parent.verb("heap", "what a run started with --heap did with its memory");
  using Act = int (*)(const Options&, const Common&, const Console&);
  using Add = Command (*)(Command, Options&);
  struct Row {
    Add add;
    Act act;
  };
  std::vector<Verb> verbs{{heap, {}}};
  for (const Row& row : {Row{add_top, top}, Row{add_flame, flame}, Row{add_leaks, leaks},
                         Row{add_diff_of_heaps, diff}, Row{add_export, export_profile}}) {
    auto options = std::make_shared<Options>();
    const Command verb = row.add(heap, *options);
    verbs.push_back(
        {verb, [options, act = row.act, &common, &console] { return act(*options, common, console); }});
  }
  verbs.push_back(add_heap_scan(heap, console));
  return verbs;
}

}  // namespace ullage::cli
