// SPDX-License-Identifier: Apache-2.0
// ullage advise limits [RUN|NAME]: the request that fits, in one's own scheduler's words.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_advise(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
