// SPDX-License-Identifier: Apache-2.0
// Matchers as PromQL writes them. Names that are not of the old letters are quoted, which Prometheus 3
// understands and 2 refuses.
#pragma once

#include <span>
#include <string>

#include "history/series_source.h"

namespace ullage::history {

// {__name__="x",job=~"a|b"}. Where every matcher would hold for a series without labels, which Prometheus
// refuses, it is told besides that a name is wanted.
std::string selector_text(std::span<const Matcher> matchers);

}  // namespace ullage::history
