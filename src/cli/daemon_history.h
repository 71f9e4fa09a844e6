// SPDX-License-Identifier: Apache-2.0
// `ullage daemon history`: how much history there is, whether it is whole, and making it so.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_daemon_history(Command daemon, Common& common, Console& console);

}  // namespace ullage::cli
