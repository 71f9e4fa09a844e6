// SPDX-License-Identifier: Apache-2.0
// Settings as the options of the daemon's parts. Pure, but for tokens and passwords, which are read from
// their files.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "config/settings.h"
#include "history/history.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/custom/custom_sources.h"
#include "sense/processes/processes_collector.h"
#include "server/api_v1.h"
#include "server/http_server.h"
#include "watch/forwarder.h"

namespace ullage::daemon {

// How many files this process may have open at once, and whether that is enough for a daemon to read, write
// and answer.
std::uint64_t open_files_max();
Result<void> expect_open_files(std::uint64_t open_files_max);

history::HistoryOptions history_options(const config::Settings& settings);
Result<server::ServerOptions> server_options(const config::Settings& settings);
server::ApiOptions api_options(const config::Settings& settings);
sense::CgroupsOptions cgroups_options(const config::Settings& settings);
sense::CustomOptions custom_options(const config::Settings& settings);
sense::ProcessesOptions processes_options(const config::Settings& settings);
// Nothing where nothing is to be sent. `host`: this machine's name; `seed`: of the chance that spreads
// retries.
Result<std::optional<watch::ForwardOptions>> forward_options(const config::Settings& settings,
                                                             const std::string& host, std::uint64_t seed);
std::chrono::milliseconds tick_interval(const config::Settings& settings);
// Where it is asked: server.socket, else ullage.sock in the state directory.
std::string socket_path(const config::Settings& settings);
std::string history_folder(const config::Settings& settings);
std::string send_queue_folder(const config::Settings& settings);

}  // namespace ullage::daemon
