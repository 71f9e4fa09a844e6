// SPDX-License-Identifier: Apache-2.0
// Pieces of a printed query that both ways of printing share: on one line (printer.cpp) and on several
// (formatter.cpp).
#pragma once

#include <string>

#include "query/ast.h"

namespace ullage::query {

std::string suffix_of(const Subquery& subquery);  // "[1h:5m] offset 1m"
std::string head_of(const Aggregate& aggregate);  // "sum", "sum by (job) "
std::string operator_of(const Binary& binary);    // "* on (job) group_left ()"

}  // namespace ullage::query
