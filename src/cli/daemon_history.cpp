// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_history.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "history/maintenance.h"
#include "history/store/history_files.h"
#include "run/table.h"
#include "run/words.h"

namespace ullage::cli {

namespace {

struct Options {
  bool json = false;
};
using Act = int (*)(const std::string& folder, const Options& options, const Console& console);

nlohmann::json to_json(const history::FileReport& file) {
  nlohmann::json json = {{"name", file.name},   {"tier", history::to_string(file.tier)},
                         {"bytes", file.bytes}, {"series", file.series},
                         {"ticks", file.ticks}, {"problems", file.problems}};
  if (file.content) {
    json["blocks"] = file.content->blocks;
    json["samples"] = file.content->samples;
  }
  if (file.end_ms > 0) {
    json["begin"] = format_moment(file.begin_ms);
    json["end"] = format_moment(file.end_ms);
  }
  return json;
}

void print_table(const history::HistoryReport& report, const Console& console) {
  run::Table table{.columns = {{.title = "file"}, {.title = "of"}}};
  for (const char* title : {"size", "series", "ticks", "first", "last"})
    table.columns.push_back({.title = title, .to_the_right = true});
  for (const history::FileReport& file : report.files)
    table.rows.push_back({file.name, std::string(history::to_string(file.tier)),
                          format_bytes(static_cast<double>(file.bytes)), std::to_string(file.series),
                          std::to_string(file.ticks), file.end_ms > 0 ? format_moment(file.begin_ms) : "",
                          file.end_ms > 0 ? format_moment(file.end_ms) : ""});
  console.out << table_text(table, {console.colour}, text_width(console));
  console.out << fmt::format("{}, {}\n", run::counted(report.files.size(), "file"),
                             format_bytes(static_cast<double>(report.bytes())));
}

int print(const Result<history::HistoryReport>& report, const Options& options, const Console& console) {
  if (!report) return refuse(console, report.error());
  if (options.json) {
    nlohmann::json files = nlohmann::json::array();
    for (const history::FileReport& file : report->files) files.push_back(to_json(file));
    print_json(console, {{"files", files}, {"bytes", report->bytes()}, {"whole", report->is_whole()}});
  } else {
    print_table(*report, console);
  }
  for (const history::FileReport& file : report->files)
    for (const std::string& problem : file.problems)
      console.err << "ullage: " << printable(file.name) << ": " << printable(problem) << '\n';
  return report->is_whole() ? 0 : 1;
}

int stat(const std::string& folder, const Options& options, const Console& console) {
  return print(history::stat_history(folder), options, console);
}

int check(const std::string& folder, const Options& options, const Console& console) {
  return print(history::check_history(folder), options, console);
}

int repair(const std::string& folder, const Options& options, const Console& console) {
  const auto repaired = history::repair_history(folder);
  if (!repaired) return refuse(console, repaired.error());
  if (options.json) {
    print_json(console, {{"rewritten", repaired->rewritten},
                         {"lost", repaired->lost},
                         {"set_aside", repaired->set_aside},
                         {"buckets_made_up", repaired->buckets_made_up}});
    return repaired->lost.empty() ? 0 : 1;
  }
  for (const std::string& name : repaired->rewritten)
    console.out << printable(name) << ": written anew from what could be read\n";
  for (const std::string& name : repaired->lost)
    console.out << printable(name) << ": nothing of it could be read: it was set aside whole\n";
  for (const std::string& name : repaired->set_aside)
    console.out << printable(name) << ": the damaged file; remove it when nothing in it is missed\n";
  if (repaired->buckets_made_up > 0)
    console.out << run::counted(repaired->buckets_made_up, "bucket")
                << " of minutes and hours made up from samples\n";
  if (repaired->set_aside.empty() && repaired->buckets_made_up == 0) console.out << "nothing was wrong\n";
  return repaired->lost.empty() ? 0 : 1;
}

int compact(const std::string& folder, const Options& options, const Console& console) {
  const auto compacted = history::compact_history(folder);
  if (!compacted) return refuse(console, compacted.error());
  if (options.json)
    print_json(console, {{"files", compacted->files},
                         {"bytes_before", compacted->bytes_before},
                         {"bytes_after", compacted->bytes_after}});
  else
    console.out << fmt::format("{}: {} before, {} now\n", run::counted(compacted->files, "file"),
                               format_bytes(static_cast<double>(compacted->bytes_before)),
                               format_bytes(static_cast<double>(compacted->bytes_after)));
  return 0;
}

struct HistoryVerb {
  const char* name;
  const char* help;
  Act act;
};
constexpr HistoryVerb kVerbs[] = {
    {"stat", "the files of the history: size, series, times", stat},
    {"check", "read all of it and say what is damaged; exit 1 when something is", check},
    {"repair",
     "write damaged files anew from what can be read; exit 1 when of one nothing can; not while something "
     "writes to it",
     repair},
    {"compact", "finish what a writer left to be done, and give room back; not while something writes to it",
     compact}};

}  // namespace

std::vector<Verb> add_daemon_history(Command daemon, Common& common, Console& console) {
  const Command history = daemon.verb("history", "the history in the state directory");
  std::vector<Verb> verbs = {{history, {}}};
  for (const HistoryVerb& row : kVerbs) {
    auto options = std::make_shared<Options>();
    const Command verb = history.verb(row.name, row.help);
    verb.flag("--json", options->json, "as JSON");
    verbs.push_back({verb, [options, act = row.act, &common, &console] {
                       const auto state = common.state(console);
                       if (!state) return refuse(console, state.error());
                       return act(*state + "/history", *options, console);
                     }});
  }
  return verbs;
}

}  // namespace ullage::cli
