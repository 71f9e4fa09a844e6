// SPDX-License-Identifier: Apache-2.0
// Pressure stall information (Linux Documentation/accounting/psi.rst), of the machine and of cgroups alike.
// Pure.
#pragma once

#include <string_view>

#include "sense/sample.h"

namespace ullage::sense {

PressureSample parse_pressure(std::string_view text);

}  // namespace ullage::sense
