// SPDX-License-Identifier: Apache-2.0
// `ullage run [options] -- CMD ARGS…`: one supervised command, its summary, and where to read more.
#pragma once

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_run(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
