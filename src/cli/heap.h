// SPDX-License-Identifier: Apache-2.0
// `ullage heap …`: what the heap profiles of a run say.
#pragma once

#include <CLI/CLI.hpp>
#include <vector>

#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_heap(CLI::App& parent, Common& common, Console& console);

}  // namespace ullage::cli
