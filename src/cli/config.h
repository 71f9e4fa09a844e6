// SPDX-License-Identifier: Apache-2.0
// `ullage config init|show|check`: writes a commented settings file, says what holds and where it comes from,
// reads a file over.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_config(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
