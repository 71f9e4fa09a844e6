// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/doctor_checks.h"
#include "cli/doctor_daemon.h"
#include "cli/doctor_snapshot.h"
#include "cli/finding.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "config/settings.h"
#include "daemon/daemon_state.h"

namespace ullage::cli {

namespace {

using nlohmann::json;

constexpr const char* kSnapshotFile = "ullage-snapshot.txt";

std::string coloured(Finding::State state, bool colour) {
  const std::string word = fmt::format("{:<7}", to_string(state));
  if (!colour) return word;
  const char* code = state == Finding::State::good ? "32" : state == Finding::State::limited ? "33" : "31";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, word);
}

void print_groups(const std::vector<FindingGroup>& groups, const Console& console) {
  for (const FindingGroup& group : groups) {
    console.out << (&group == &groups.front() ? "" : "\n") << group.title << '\n';
    std::size_t width = 14;
    for (const Finding& finding : group.findings) width = std::max(width, finding.title.size());
    for (const Finding& finding : group.findings) {
      console.out << fmt::format("  {}  {:<{}}  {}\n", coloured(finding.state, console.colour), finding.title,
                                 width, finding.text);
      if (!finding.remedy.empty()) console.out << fmt::format("{:{}}→ {}\n", "", width + 13, finding.remedy);
    }
  }
}

json json_groups(const std::vector<FindingGroup>& groups) {
  json listed = json::array();
  for (const FindingGroup& group : groups)
    for (const Finding& finding : group.findings)
      listed.push_back({{"id", finding.id},
                        {"group", group.title},
                        {"title", finding.title},
                        {"state", to_string(finding.state)},
                        {"text", finding.text},
                        {"remedy", finding.remedy}});
  return {{"version", 1}, {"ullage_version", kVersion}, {"findings", listed}};
}

std::string text_of(const json& value) { return value.dump(2, ' ', false, json::error_handler_t::replace); }

// Without /proc nothing is measured; without settings and state nothing is kept.
bool runs_work(const std::vector<FindingGroup>& groups) {
  for (const FindingGroup& group : groups)
    for (const Finding& finding : group.findings) {
      const bool needed = finding.id == "kernel" || finding.id == "settings" || finding.id == "state";
      if (needed && finding.state == Finding::State::missing) return false;
    }
  return true;
}

// For a bug report: what people have called their files, programs and targets is nobody's business.
void leave_out_what_is_yours(std::vector<FindingGroup>& groups) {
  for (FindingGroup& group : groups)
    std::erase_if(group.findings, [](const Finding& finding) { return finding.id == "daemon_source"; });
}

struct Options {
  bool as_json = false, with_arguments = false;
  std::string snapshot;
};

int act(const Options& options, const Common& common, const Console& console) {
  const auto settings = common.settings(console);
  auto groups = examine(console.root, settings, config::unknown_variables(console.environment));
  if (settings && console.root.is_live()) groups.push_back(ask_daemon(*settings));
  if (!options.snapshot.empty()) {
    leave_out_what_is_yours(groups);
    const auto written = write_snapshot({.file = options.snapshot,
                                         .with_arguments = options.with_arguments,
                                         .findings_json = text_of(json_groups(groups))},
                                        settings, console);
    return written ? 0 : refuse(console, written.error());
  }
  if (options.as_json)
    console.out << text_of(json_groups(groups)) << '\n';
  else
    print_groups(groups, console);
  return runs_work(groups) ? 0 : 1;
}

}  // namespace

std::string doctor_json(const OsRoot& root, const Result<config::Settings>& settings,
                        const std::vector<std::string>& unknown_variables, const daemon::DaemonState& state) {
  auto groups = examine(root, settings, unknown_variables, Trials::left_out);
  groups.push_back(daemon_findings(root, state));
  return text_of(json_groups(groups));
}

std::vector<Verb> add_doctor(Command parent, Common& common, Console& console) {
  const Command verb =
      parent.verb("doctor", "Tell what can be seen and enforced here, and how to get the rest.");
  const auto options = std::make_shared<Options>();
  verb.flag("--json", options->as_json, "as JSON");
  const Flag snapshot =
      verb.option("--snapshot", options->snapshot,
                  "write what the machine says to this file (ullage-snapshot.txt), for a bug report; '-' "
                  "prints it")
          .takes(0, 1);
  verb.flag("--with-arguments", options->with_arguments,
            "in a snapshot: the arguments of processes too, secrets masked");
  return {{verb, [options, snapshot, &common, &console] {
             if (snapshot.was_given() && options->snapshot.empty()) options->snapshot = kSnapshotFile;
             return act(*options, common, console);
           }}};
}

}  // namespace ullage::cli
