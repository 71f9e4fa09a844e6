// SPDX-License-Identifier: Apache-2.0
// `ullage daemon`: watches this machine and serves what it sees, in the foreground.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_daemon(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
