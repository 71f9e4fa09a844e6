// SPDX-License-Identifier: Apache-2.0
// `ullage doctor`: what can be seen and enforced here, and how to get the rest. Exit 1 when runs could not be
// measured or kept.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_doctor(CLI::App& parent, Common& common, Console& console);

}  // namespace ullage::cli
