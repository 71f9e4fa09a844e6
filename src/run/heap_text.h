// SPDX-License-Identifier: Apache-2.0
// Answers about a heap for a person at a terminal: where the memory is, the call tree, what grows or is lost,
// and what changed from one run to another. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "heap/analyze/compare.h"
#include "heap/analyze/flame.h"
#include "heap/analyze/top.h"
#include "heap/analyze/verdicts.h"
#include "run/show_text.h"

namespace ullage::run {

std::string heap_top_text(const heap::Top& top, std::size_t rows_max, const ShowLook& look);
// Calls of less than a hundredth are counted, not shown.
std::string heap_flame_text(const heap::FlameTree& tree, const ShowLook& look);
// rows_max of each kind.
std::string heap_leaks_text(const heap::Verdicts& verdicts, std::size_t rows_max, const ShowLook& look);
std::string heap_comparison_text(const heap::HeapComparison& comparison, std::size_t rows_max,
                                 const ShowLook& look);

}  // namespace ullage::run
