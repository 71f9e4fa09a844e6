// SPDX-License-Identifier: Apache-2.0
// The next step that a verdict asks for, as one or two sentences. Pure.
#pragma once

#include <string>

#include "heap/analyze/verdicts.h"

namespace ullage::heap {

std::string advice_for(const Verdict& verdict);

}  // namespace ullage::heap
