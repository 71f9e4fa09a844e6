// SPDX-License-Identifier: Apache-2.0
#include "cli/runs.h"

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/runs_help.h"
#include "cli/runs_list.h"
#include "cli/verb.h"
#include "run/catalog.h"
#include "run/export.h"
#include "run/run_file_edit.h"
#include "run/run_lock.h"
#include "run/series_view.h"
#include "run/words.h"

namespace ullage::cli {

namespace {

struct ListOptions {
  std::string name, status, since;
  std::vector<std::string> tags;
  std::size_t newest = 0;
  bool json = false;
};

Result<RunFilter> filter_of(const ListOptions& options, std::int64_t now_ms) {
  RunFilter filter{.name = options.name, .tags = {}, .status = {}, .since_ms = {}, .newest = options.newest};
  for (const std::string& text : options.tags) {
    auto tag = parse_tag(text);
    if (!tag) return pass_on(tag);
    filter.tags.push_back(std::move(*tag));
  }
  if (!options.status.empty()) {
    auto status = parse_status(options.status);
    if (!status) return pass_on(status);
    filter.status = std::move(*status);
  }
  if (options.since.empty()) return filter;
  const auto since = parse_since(options.since, now_ms);
  if (!since) return fail(since.error());
  filter.since_ms = *since;
  return filter;
}

int list(const ListOptions& options, const Common& common, const Console& console) {
  const std::int64_t now_ms = console.clock.wall_ms();
  const auto filter = filter_of(options, now_ms);
  if (!filter) return refuse(console, filter.error());
  const auto state = common.state(console);
  if (!state) return refuse(console, state.error());
  auto entries = run::list_runs(*state);
  if (!entries) return refuse(console, entries.error());
  const bool is_empty = entries->empty();
  const auto shown = filtered(std::move(*entries), *filter);
  if (options.json)
    print_json(console, runs_json(shown));
  else if (!shown.empty())
    console.out << runs_table(shown, now_ms, {console.colour}, text_width(console));
  else if (is_empty)
    console.err << "ullage: no runs yet; the first: ullage run -- CMD\n";
  else
    console.err << "ullage: no run matches\n";
  return 0;
}

// All are found before one is removed: a slip in the third name leaves the first two in place.
int remove(const std::vector<std::string>& wanted, const Common& common, const Console& console) {
  const auto state = common.state(console);
  if (!state) return refuse(console, state.error());
  std::vector<std::string> paths;
  for (const std::string& name : wanted) {
    const auto path = run::find_run(*state, name);
    if (!path) return refuse(console, path.error());
    if (!path->ends_with(".ullage"))
      return refuse(
          console,
          {.what = "not a run's file", .where = printable(*path), .hint = "a run's file ends in .ullage"});
    if (run::is_alive(*path))
      return answer_no(console, {.what = "the run is alive",
                                 .where = printable(name),
                                 .hint = "end it first; nothing was removed"});
    // @1 and its id are one run, told of once.
    const auto is_same = [&](const std::string& other) {
      std::error_code error;
      return std::filesystem::equivalent(*path, other, error);
    };
    if (std::ranges::none_of(paths, is_same)) paths.push_back(*path);
  }
  for (const std::string& path : paths) {
    run::remove_run(path);
    if (file_exists(path)) return refuse(console, {.what = "cannot remove it", .where = printable(path)});
    console.err << "ullage: removed " << printable(path) << '\n';
  }
  return 0;
}

struct GcOptions {
  bool dry_run = false;
  bool json = false;
};

int collect(const GcOptions& options, const Common& common, const Console& console) {
  const auto settings = common.settings(console);
  if (!settings) return refuse(console, settings.error());
  const auto state = common.state(console);
  if (!state) return refuse(console, state.error());
  const run::GcPolicy policy{.keep_runs = settings->count("runs.keep"),
                             .keep_bytes = settings->bytes("runs.keep_bytes")};
  const auto result = run::collect_garbage(*state, policy, options.dry_run);
  if (!result) return refuse(console, result.error());
  if (options.json) {
    print_json(console, {{"version", 1},
                         {"dry_run", options.dry_run},
                         {"removed", result->removed},
                         {"freed_bytes", result->freed_bytes}});
    return 0;
  }
  for (const std::string& id : result->removed) console.out << printable(id) << '\n';
  console.err << "ullage: " << (options.dry_run ? "would remove " : "removed ")
              << run::counted(result->removed.size(), "run") << ", "
              << format_bytes(static_cast<double>(result->freed_bytes))
              << " (kept: " << run::format_count(static_cast<double>(policy.keep_runs)) << " runs, "
              << format_bytes(static_cast<double>(policy.keep_bytes)) << ")\n";
  return 0;
}

struct TagOptions {
  std::string run;
  std::vector<std::string> changes;
  std::string name;
  bool has_name = false;
};

// "k=v" sets, "k-" takes away, as kubectl's label does.
Result<run::Retag> changes_of(const TagOptions& options) {
  run::Retag change;
  if (options.has_name) {
    if (auto named = run::check_run_name(options.name); !named) return pass_on(named);
    change.name = options.name;
  }
  for (const std::string& text : options.changes) {
    if (text.size() > 1 && text.ends_with('-') && text.find('=') == std::string::npos) {
      change.tags[text.substr(0, text.size() - 1)] = std::nullopt;
      continue;
    }
    auto tag = parse_tag(text);
    if (!tag) {
      tag.error().hint = "a tag is set as key=value and taken away as key-";
      return pass_on(tag);
    }
    change.tags[tag->first] = tag->second;
  }
  if (!change.name && change.tags.empty())
    return fail("nothing to change", {}, "name tags as key=value, or a new name with --name");
  return change;
}

int tag(const TagOptions& options, const Common& common, const Console& console) {
  const auto change = changes_of(options);
  if (!change) return refuse(console, change.error());
  const auto path = find_wanted(common, console, options.run);
  if (!path) return refuse(console, path.error());
  const auto done = run::retag(*path, *change);
  return done ? 0 : refuse(console, done.error());
}

struct ExportOptions {
  std::string run = "@1";
  std::string format = "csv";
  std::string output;
};

int export_run(const ExportOptions& options, const Common& common, const Console& console) {
  const auto format = run::parse_export_format(options.format);
  if (!format) return refuse(console, format.error());
  const auto loaded = load_wanted(common, console, options.run);
  if (!loaded) return refuse(console, loaded.error());
  for (const std::string& problem : loaded->problems)
    console.err << "ullage: damaged: " << printable(problem) << '\n';
  const run::SeriesView series = run::view_of(loaded->series);
  if (options.output.empty() || options.output == "-") {
    const auto done = run::export_series(series, *format, console.out);
    return done ? 0 : refuse(console, done.error());
  }
  // Made private first: what a run did may be nobody else's business.
  if (const auto file = open_file(options.output, O_CREAT | O_TRUNC | O_WRONLY); !file)
    return refuse(console, file.error());
  std::ofstream out(options.output, std::ios::binary | std::ios::trunc);
  auto done = run::export_series(series, *format, out);
  if (done) return 0;
  done.error().where = options.output;
  return refuse(console, done.error());
}

Verb add_list(Command runs, Common& common, Console& console) {
  auto options = std::make_shared<ListOptions>();
  const Command verb = runs.verb("list", "the runs that are kept, newest first");
  verb.option("--name", options->name, "only runs of this name");
  verb.option("--tag", options->tags, "only runs with this tag, key=value; any number of times")
      .one_each_time();
  verb.option("--status", options->status,
              "only these: running, finished, failed, oom, interrupted or damaged");
  verb.option("--since", options->since,
              "only runs that started in the last 2h, 3d …, or since a day: 2026-11-24");
  verb.option("-n,--newest", options->newest, "at most so many").between(1, 1'000'000);
  verb.flag("--json", options->json, "print them as JSON");
  verb.footer("Example:\n  ullage runs list --name train --since 7d");
  return {verb, [options, &common, &console] { return list(*options, common, console); }};
}

Verb add_rm(Command runs, Common& common, Console& console) {
  auto wanted = std::make_shared<std::vector<std::string>>();
  const Command verb = runs.verb("rm", "remove runs; never one that is alive");
  verb.option("RUN", *wanted, kRunArgument).required();
  verb.footer("Example:\n  ullage runs rm @1 20261124-064012-k3f9a");
  return {verb, [wanted, &common, &console] { return remove(*wanted, common, console); }};
}

Verb add_gc(Command runs, Common& common, Console& console) {
  auto options = std::make_shared<GcOptions>();
  const Command verb =
      runs.verb("gc", "remove the oldest runs beyond what is to be kept; never one that is alive");
  verb.flag("--dry-run", options->dry_run, "only say which would go");
  verb.flag("--json", options->json, "print what was removed as JSON");
  verb.footer(
      "How many are kept: the settings runs.keep and runs.keep_bytes.\nExample:\n  ullage runs gc --dry-run");
  return {verb, [options, &common, &console] { return collect(*options, common, console); }};
}

Verb add_tag(Command runs, Common& common, Console& console) {
  auto options = std::make_shared<TagOptions>();
  const Command verb = runs.verb("tag", "set or take away tags of a run that has ended, or rename it");
  verb.option("RUN", options->run, kRunArgument).required();
  verb.option("TAG", options->changes, "key=value sets a tag, key- takes it away");
  verb.option(
      "--name", [options](const std::string& name) { options->name = name, options->has_name = true; },
      "a new name");
  verb.footer("Example:\n  ullage runs tag @1 branch=main tried-  --name baseline");
  return {verb, [options, &common, &console] { return tag(*options, common, console); }};
}

Verb add_export(Command runs, Common& common, Console& console) {
  auto options = std::make_shared<ExportOptions>();
  const Command verb = runs.verb("export", "every sample of a run, one a row: time, series, labels, value");
  verb.option("RUN", options->run, kRunArgument).shows_default();
  verb.option("--format", options->format, "csv or jsonl (JSON, one object a line)").shows_default();
  verb.option("-o,--output", options->output, "a file instead of standard output");
  verb.footer(
      "Example:\n  ullage runs export train --format jsonl | jq 'select(.name == "
      "\"ullage_run_used_bytes\")'");
  return {verb, [options, &common, &console] { return export_run(*options, common, console); }};
}

}  // namespace

std::vector<Verb> add_runs(Command parent, Common& common, Console& console) {
  const Command runs = parent.verb("runs", "the runs that are kept: list, rm, gc, tag, export");
  std::vector<Verb> verbs = {{runs, {}}};
  for (const auto add : {add_list, add_rm, add_gc, add_tag, add_export})
    verbs.push_back(add(runs, common, console));
  return verbs;
}

}  // namespace ullage::cli
