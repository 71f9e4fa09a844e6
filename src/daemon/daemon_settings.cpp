// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon_settings.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "config/settings.h"
#include "history/history.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/custom/custom_sources.h"
#include "sense/custom/executables_folder.h"
#include "sense/processes/processes_collector.h"
#include "server/api_v1.h"
#include "server/http_gate.h"
#include "server/http_server.h"

namespace ullage::daemon {

namespace {

constexpr std::uint64_t kQueryBytesMax = std::uint64_t{256} << 20;

std::chrono::milliseconds milliseconds(const config::Settings& settings, std::string_view key) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(settings.duration(key));
}

}  // namespace

history::HistoryOptions history_options(const config::Settings& settings) {
  return {.keep = {.raw_ms = milliseconds(settings, "history.keep.raw").count(),
                   .minute_ms = milliseconds(settings, "history.keep.minute").count(),
                   .hour_ms = milliseconds(settings, "history.keep.hour").count(),
                   .bytes_max = settings.bytes("history.keep.max_size")},
          .series_max = settings.count("history.max_series")};
}

Result<server::ServerOptions> server_options(const config::Settings& settings) {
  server::ServerOptions options{.listen = settings.list("server.listen"),
                                .socket = settings.is_set("server.socket")
                                              ? settings.text("server.socket")
                                              : settings.text("state.directory") + "/ullage.sock",
                                .names = settings.list("server.names")};
  options.limits.connections_max = settings.count("server.connections");
  if (!settings.is_set("server.token_file")) return options;
  auto token = server::read_token(settings.text("server.token_file"));
  if (!token) return pass_on(token);
  options.token = *std::move(token);
  return options;
}

server::ApiOptions api_options(const config::Settings& settings) {
  server::ApiOptions options{.desk = {.threads = settings.count("server.queries"),
                                      .waiting_max = settings.count("server.queries_waiting")},
                             .query_timeout = milliseconds(settings, "server.query_timeout")};
  // Who watches what memory is left must not take much of it for a question.
  options.engine.limits.bytes_max = kQueryBytesMax;
  return options;
}

sense::CgroupsOptions cgroups_options(const config::Settings& settings) {
  return {.cgroups = settings.count("daemon.cgroups")};
}

sense::CustomOptions custom_options(const config::Settings& settings) {
  const auto text_or_none = [&](std::string_view key) {
    return settings.is_set(key) ? settings.text(key) : std::string();
  };
  sense::CustomOptions options{
      .textfile_directory = text_or_none("daemon.textfile_directory"),
      .scrape_file = text_or_none("daemon.scrape_file"),
      .push = {.folder = settings.flag("daemon.push") ? settings.text("state.directory") : std::string(),
               .statsd_listen = text_or_none("daemon.statsd_listen")},
      .series_max = settings.count("daemon.custom_series")};
  if (settings.is_set("daemon.executables_directory"))
    options.executables =
        sense::ExecutablesOptions{.folder = settings.text("daemon.executables_directory"),
                                  .interval = milliseconds(settings, "daemon.executables_interval"),
                                  .limits = {.timeout = milliseconds(settings, "daemon.executables_timeout"),
                                             .resident_bytes = settings.bytes("daemon.executables_memory")}};
  return options;
}

sense::ProcessesOptions processes_options(const config::Settings& settings) {
  return {.table = {.costly_share = settings.number("daemon.pss_budget")},
          .groups = settings.count("daemon.groups"),
          .uses_bpf = settings.flag("daemon.bpf"),
          .processes = settings.count("daemon.processes")};
}

std::chrono::milliseconds tick_interval(const config::Settings& settings) {
  return milliseconds(settings, "daemon.interval");
}

std::string history_folder(const config::Settings& settings) {
  return settings.text("state.directory") + "/history";
}

}  // namespace ullage::daemon
