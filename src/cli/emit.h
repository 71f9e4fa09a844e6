// SPDX-License-Identifier: Apache-2.0
// `ullage emit phase|gauge|counter|event|lines`: what a shell script says of the run that it is part of.
// Outside of a run it says nothing and succeeds, so that a script need not know; --require makes that an
// error. A line that could not be understood is an error in either case.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_emit(Command parent, Common& common, Console& console);

}  // namespace ullage::cli
