// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon_settings.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "config/settings.h"
#include "history/history.h"
#include "history/remote/remote_sender.h"
#include "metric/series.h"
#include "query/parser.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/custom/custom_sources.h"
#include "sense/custom/executables_folder.h"
#include "sense/processes/processes_collector.h"
#include "server/api_v1.h"
#include "server/http_gate.h"
#include "server/http_server.h"
#include "watch/forwarder.h"

namespace ullage::daemon {

namespace {

// Processes take half of them, cgroups up to an eighth; the kernel's files, the history and sockets some 50.
// With 128 and many processes the history could not be written at times, with 96 no client got an answer.
constexpr std::uint64_t kOpenFilesLeast = 160;

// Descriptors that processes (at most half, 2,048), cgroups (an eighth), the kernel's files and the history
// do not take: clients must leave these theirs.
std::size_t connections_left() {
  const std::uint64_t all = open_files_max(), taken = std::min<std::uint64_t>(all / 2, 2048) + all / 8 + 64;
  return std::max<std::size_t>(16, all - std::min(all, taken));
}

std::chrono::milliseconds milliseconds(const config::Settings& settings, std::string_view key) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(settings.duration(key));
}

std::string text_or_none(const config::Settings& settings, std::string_view key) {
  return settings.is_set(key) ? settings.text(key) : std::string();
}

// The first line of the file that the setting names.
Result<std::string> secret_of(const config::Settings& settings, std::string_view key) {
  if (!settings.is_set(key)) return std::string();
  const std::string path = settings.text(key);
  const auto text = read_file(path, 65'536);
  if (!text) return fail(text.error());
  std::string secret(trim(std::string_view(*text).substr(0, text->find('\n'))));
  if (secret.empty()) return fail("its first line is empty", path, "see " + std::string(key));
  return secret;
}

// "NAME: value" or "name=value", as the separator is. What is wrong may be a secret: it is not told.
Result<std::pair<std::string, std::string>> split_pair(const std::string& item, char separator,
                                                       std::string_view key, std::string_view example) {
  const std::size_t at = item.find(separator);
  std::string name(trim(std::string_view(item).substr(0, at)));
  if (at == std::string::npos || name.empty())
    return fail(fmt::format("an item without a name and a '{}' after it", separator), std::string(key),
                "as in " + std::string(example));
  return std::pair(std::move(name), std::string(trim(std::string_view(item).substr(at + 1))));
}

Result<history::RemoteReceiver> receiver_of(const config::Settings& settings) {
  history::RemoteReceiver receiver{.url = settings.text("remote_write.url")};
  auto token = secret_of(settings, "remote_write.bearer_token_file");
  if (!token) return pass_on(token);
  auto password = secret_of(settings, "remote_write.password_file");
  if (!password) return pass_on(password);
  receiver.http.credentials = {.user = text_or_none(settings, "remote_write.username"),
                               .password = *std::move(password),
                               .bearer_token = *std::move(token)};
  receiver.http.tls = {.ca_file = text_or_none(settings, "remote_write.tls.ca_file"),
                       .cert_file = text_or_none(settings, "remote_write.tls.cert_file"),
                       .key_file = text_or_none(settings, "remote_write.tls.key_file")};
  for (const std::string& item : settings.list("remote_write.headers")) {
    auto header = split_pair(item, ':', "remote_write.headers", "[\"X-Scope-OrgID: team\"]");
    if (!header) return pass_on(header);
    receiver.headers.push_back(*std::move(header));
  }
  return receiver;
}

Result<metric::Labels> labels_of(const config::Settings& settings, const std::string& host) {
  metric::Labels labels;
  for (const std::string& item : settings.list("remote_write.labels")) {
    auto label = split_pair(item, '=', "remote_write.labels", "[rack=a3]");
    if (!label) return pass_on(label);
    labels.push_back({std::move(label->first), std::move(label->second)});
  }
  const bool is_named = std::ranges::find(labels, "instance", &metric::Label::name) != labels.end();
  if (!is_named && !host.empty()) labels.push_back({"instance", host});
  return labels;
}

Result<std::vector<watch::Selector>> selectors_of(const config::Settings& settings, std::string_view key) {
  std::vector<watch::Selector> selectors;
  for (const std::string& text : settings.list(key)) {
    auto selector = query::parse_selector(text);
    if (!selector)
      return fail(Error{.what = fmt::format("'{}': {}", printable(text), selector.error().what),
                        .where = std::string(key),
                        .hint = R"(as in ['{__name__=~"node_.*"}'])"});
    selectors.push_back(std::move(selector->matchers));
  }
  return selectors;
}

}  // namespace

std::uint64_t open_files_max() {
  rlimit files{};
  return ::getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 0;
}

Result<void> expect_open_files(std::uint64_t open_files_max) {
  if (open_files_max >= kOpenFilesLeast) return {};
  return fail(
      fmt::format("only {} files may be open at once: too few to watch and to answer", open_files_max), "",
      fmt::format("it takes {}, better 1024: ulimit -n 1024, or LimitNOFILE=65536 in its unit",
                  kOpenFilesLeast));
}

history::HistoryOptions history_options(const config::Settings& settings) {
  return {.keep = {.raw_ms = milliseconds(settings, "history.keep.raw").count(),
                   .minute_ms = milliseconds(settings, "history.keep.minute").count(),
                   .hour_ms = milliseconds(settings, "history.keep.hour").count(),
                   .bytes_max = settings.bytes("history.keep.max_size")},
          .series_max = settings.count("history.max_series")};
}

Result<server::ServerOptions> server_options(const config::Settings& settings) {
  server::ServerOptions options{
      .listen = settings.list("server.listen"),
      .socket = socket_path(settings),
      .names = settings.list("server.names"),
      .tls = {.cert_file = text_or_none(settings, "server.tls.cert_file"),
              .key_file = text_or_none(settings, "server.tls.key_file"),
              .key_password_file = text_or_none(settings, "server.tls.key_password_file"),
              .client_ca_file = text_or_none(settings, "server.tls.client_ca_file")}};
  options.limits.connections_max = std::min(settings.count("server.connections"), connections_left());
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
  options.engine.limits.bytes_max = settings.bytes("server.query_memory");
  return options;
}

sense::CgroupsOptions cgroups_options(const config::Settings& settings) {
  return {.cgroups = settings.count("daemon.cgroups")};
}

sense::CustomOptions custom_options(const config::Settings& settings) {
  sense::CustomOptions options{
      .textfile_directory = text_or_none(settings, "daemon.textfile_directory"),
      .scrape_file = text_or_none(settings, "daemon.scrape_file"),
      .push = {.folder = settings.flag("daemon.push") ? settings.text("state.directory") : std::string(),
               .statsd_listen = text_or_none(settings, "daemon.statsd_listen")},
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

Result<std::optional<watch::ForwardOptions>> forward_options(const config::Settings& settings,
                                                             const std::string& host, std::uint64_t seed) {
  if (!settings.is_set("remote_write.url")) return std::nullopt;
  auto receiver = receiver_of(settings);
  if (!receiver) return pass_on(receiver);
  auto labels = labels_of(settings, host);
  if (!labels) return pass_on(labels);
  auto keep = selectors_of(settings, "remote_write.keep"), drop = selectors_of(settings, "remote_write.drop");
  if (!keep) return pass_on(keep);
  if (!drop) return pass_on(drop);
  return watch::ForwardOptions{.receiver = *std::move(receiver),
                               .write = {.queue = {.bytes_max = settings.bytes("remote_write.queue_size")},
                                         .extra_labels = *std::move(labels)},
                               .keep = *std::move(keep),
                               .drop = *std::move(drop),
                               .seed = seed};
}

std::chrono::milliseconds tick_interval(const config::Settings& settings) {
  return milliseconds(settings, "daemon.interval");
}

std::string socket_path(const config::Settings& settings) {
  return settings.is_set("server.socket") ? settings.text("server.socket")
                                          : settings.text("state.directory") + "/ullage.sock";
}

std::string history_folder(const config::Settings& settings) {
  return settings.text("state.directory") + "/history";
}

std::string send_queue_folder(const config::Settings& settings) {
  return settings.text("state.directory") + "/send-queue";
}

}  // namespace ullage::daemon
