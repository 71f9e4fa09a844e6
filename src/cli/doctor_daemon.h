// SPDX-License-Identifier: Apache-2.0
// What doctor says of a daemon: made by the daemon itself of its own state, and asked of it through its
// socket by whoever is not the daemon, so that all who ask are told the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/os_root.h"
#include "cli/finding.h"
#include "config/settings.h"
#include "daemon/daemon_state.h"

namespace ullage::cli {

constexpr std::string_view kDaemonGroup = "What the daemon says";

// In the daemon.
FindingGroup daemon_findings(const OsRoot& root, const daemon::DaemonState& state);
// Of the one with these settings; that there is none is a finding. Waits for two seconds at most.
FindingGroup ask_daemon(const config::Settings& settings);
// Of what a daemon has answered. Pure.
FindingGroup parse_daemon_findings(std::string_view json);

}  // namespace ullage::cli
