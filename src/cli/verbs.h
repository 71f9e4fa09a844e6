// SPDX-License-Identifier: Apache-2.0
// The list of verbs, in the order in which --help shows them.
#pragma once

#include <span>

#include "cli/verb.h"

namespace ullage::cli {

std::span<const AddVerb> verbs();

}  // namespace ullage::cli
