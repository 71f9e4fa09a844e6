// SPDX-License-Identifier: Apache-2.0
// `ullage top`: the machine and its processes as they are now, full screen, or one page of it as text or
// JSON.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_top(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
