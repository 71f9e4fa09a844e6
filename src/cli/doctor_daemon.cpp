// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_daemon.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/http_client.h"
#include "base/moment.h"
#include "base/os_root.h"
#include "base/text.h"
#include "cli/doctor_privileges.h"
#include "cli/finding.h"
#include "cli/version.h"
#include "config/settings.h"
#include "daemon/daemon_settings.h"
#include "daemon/daemon_state.h"
#include "sense/custom/custom_reading.h"

namespace ullage::cli {

namespace {

using State = Finding::State;
using nlohmann::json;

// It is on this machine: one that does not answer by then is stuck.
constexpr std::chrono::milliseconds kConnectTime{200}, kAnswerTime{2'000};

Finding well_or(std::string id, std::string title, std::string good, const std::string& problem,
                std::string remedy = {}) {
  if (problem.empty()) return {std::move(id), std::move(title), State::good, std::move(good)};
  return {std::move(id), std::move(title), State::limited, printable(problem), std::move(remedy)};
}

FindingGroup only(State state, std::string text, std::string remedy) {
  return {std::string(kDaemonGroup), {{"daemon", "daemon", state, std::move(text), std::move(remedy)}}};
}

// Which sources are down, and that the others are well.
void add_sources(const daemon::DaemonState& state, std::vector<Finding>& findings) {
  for (const sense::SourceProblem& one : state.unreadable)
    findings.push_back(
        {"daemon_collector", "collector", State::limited, printable(one.of) + ": " + printable(one.text)});
  for (const sense::SourceProblem& one : state.problems)
    findings.push_back(
        {"daemon_source", "source", State::missing, printable(one.of) + " is down: " + printable(one.text)});
  if (state.problems.empty())
    findings.push_back({"daemon_sources", "sources", State::good,
                        fmt::format("none of {} of your own metrics is down", state.sources)});
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? printable(found->get<std::string>()) : std::string();
}

State state_named(std::string_view name) {
  for (const State state : {State::good, State::missing})
    if (to_string(state) == name) return state;
  return State::limited;
}

}  // namespace

FindingGroup daemon_findings(const OsRoot& root, const daemon::DaemonState& state) {
  FindingGroup group{std::string(kDaemonGroup), {}};
  group.findings = {
      {"daemon", "daemon", State::good,
       fmt::format("version {}, process {}, since {}{}", state.version, state.pid,
                   format_moment(state.start_ms),
                   state.urls.empty() ? "" : fmt::format(", at {}", fmt::join(state.urls, ", ")))},
      held_capabilities(root),
      well_or("daemon_task_iterator", "task iterator", "the kernel tells which processes have moved (BPF)",
              state.tasks_problem),
      well_or("daemon_exit_records", "exit records", "short-lived processes are counted in full (taskstats)",
              state.exits_problem),
      well_or("daemon_oom_score_adj", "oom_score_adj", "when memory ends, others are killed first",
              state.oom_problem, "CAP_SYS_RESOURCE, or OOMScoreAdjust=-900 in its unit"),
      well_or("daemon_history", "history", "is written", state.storing_problem),
      well_or("daemon_settings", "settings", "those that were read last are in force", state.reload_problem,
              "the settings before stay in force: mend the file, then SIGHUP")};
  add_sources(state, group.findings);
  return group;
}

FindingGroup parse_daemon_findings(std::string_view text) {
  const json answer = json::parse(text, nullptr, false);
  FindingGroup group{std::string(kDaemonGroup), {}};
  if (answer.is_object() && answer.contains("findings"))
    for (const json& one : answer.at("findings"))
      if (one.is_object() && text_at(one, "group") == kDaemonGroup)
        group.findings.push_back({text_at(one, "id"), text_at(one, "title"),
                                  state_named(text_at(one, "state")), text_at(one, "text"),
                                  text_at(one, "remedy")});
  const std::string version = answer.is_object() ? text_at(answer, "ullage_version") : std::string();
  if (group.findings.empty())
    return only(State::limited,
                "is of another version: " + (version.empty() ? "it does not say which" : version),
                "restart it");
  Finding& first = group.findings.front();
  if (version != kVersion) {
    first.state = State::limited;
    first.text += fmt::format("; this program is {}", kVersion);
    first.remedy = "restart it";
  }
  return group;
}

FindingGroup ask_daemon(const config::Settings& settings) {
  const std::string socket = daemon::socket_path(settings);
  struct stat info{};
  if (::stat(socket.c_str(), &info) != 0 && errno == EACCES)
    return only(State::limited, "is not told: " + printable(socket) + " lies where this user may not look",
                "ask as that user, or as root");
  if (!file_exists(socket))
    return only(State::limited, "none runs here: there is no " + printable(socket),
                "ullage daemon, or systemctl start ullage; --state DIR asks that of another state directory");
  if (::access(socket.c_str(), W_OK) != 0)
    return only(State::limited, "is that of another user: its socket may not be opened, " + printable(socket),
                "ask as that user, or as root");
  auto client = HttpClient::create({.connect_timeout = kConnectTime,
                                    .timeout = kAnswerTime,
                                    .unix_socket = socket,
                                    .asks_directly = true});
  if (!client) return only(State::limited, printable(client.error().text()), "");
  const auto answer = client->send({.url = "http://ullage/api/ullage/v1/doctor"});
  if (!answer)
    return only(State::missing, "does not answer: " + printable(answer.error().text()),
                "if none runs any more, the next one takes the socket's place");
  if (answer->status != 200)
    return only(State::limited, fmt::format("answers {} when it is asked how it is", answer->status), "");
  return parse_daemon_findings(answer->body);
}

}  // namespace ullage::cli
