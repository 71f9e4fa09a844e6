// SPDX-License-Identifier: Apache-2.0
// Settings as the options of the daemon's parts. Pure, but for the token, which is read from its file.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "config/settings.h"
#include "history/history.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/custom/custom_sources.h"
#include "sense/processes/processes_collector.h"
#include "server/api_v1.h"
#include "server/http_server.h"

namespace ullage::daemon {

history::HistoryOptions history_options(const config::Settings& settings);
Result<server::ServerOptions> server_options(const config::Settings& settings);
server::ApiOptions api_options(const config::Settings& settings);
sense::CgroupsOptions cgroups_options(const config::Settings& settings);
sense::CustomOptions custom_options(const config::Settings& settings);
sense::ProcessesOptions processes_options(const config::Settings& settings);
std::chrono::milliseconds tick_interval(const config::Settings& settings);
// Where it is asked: server.socket, else ullage.sock in the state directory.
std::string socket_path(const config::Settings& settings);
std::string history_folder(const config::Settings& settings);

}  // namespace ullage::daemon
