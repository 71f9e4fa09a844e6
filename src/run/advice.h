// SPDX-License-Identifier: Apache-2.0
// What a run's figures suggest doing: a table of rules, each a condition over Figures, a text, the numbers
// behind it, and where to look. Nothing without a number; nothing on a healthy run: the thresholds stand
// in advice.cpp with the reason for each, and every rule has a healthy counterexample in the tests.
#pragma once

#include <string_view>
#include <vector>

#include "run/figures.h"
#include "run/record.h"

namespace ullage::run {

// In order of importance: what ended or will end the run first, what merely costs time or money last.
std::vector<Advice> advise(const Figures& figures);
// Memory grew to the end of a run that was no mere start-up: the rule of the advice and of run.growth_gate.
// It rests on growth_verdicts.h, as does what the report says.
bool grew_to_the_end(const Figures& figures);
// The ids of all rules, for the reference and the tests.
std::vector<std::string_view> advice_ids();

}  // namespace ullage::run
