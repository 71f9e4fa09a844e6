// SPDX-License-Identifier: Apache-2.0
// The programs, by what is true of them.
#pragma once

#include <vector>

#include "corpus.h"

namespace corpus {

std::vector<Case> growing_cases();
std::vector<Case> lost_cases();
std::vector<Case> settled_cases();
std::vector<Case> kept_cases();
std::vector<Case> service_cases();
std::vector<Case> corner_cases();

}  // namespace corpus
