// SPDX-License-Identifier: Apache-2.0
// `ullage doctor`: what can be seen and enforced here, and how to get the rest. Exit 1 when runs could not be
// measured or kept. With --snapshot FILE it is written down, with what the machine says, for a bug report.
#pragma once

#include <string>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"
#include "cli/verb.h"
#include "config/settings.h"
#include "daemon/daemon_state.h"

namespace ullage::cli {

// The same findings as JSON, but for limits that must be tried to be known, by a daemon that tells of itself.
// Any thread.
std::string doctor_json(const OsRoot& root, const Result<config::Settings>& settings,
                        const std::vector<std::string>& unknown_variables, const daemon::DaemonState& state);

std::vector<Verb> add_doctor(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
