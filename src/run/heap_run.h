// SPDX-License-Identifier: Apache-2.0
// A run's heap profiles with what the run's record knows better than they do: when each process ended. A
// profile's own end is its last allocation, or its exit where it came to one; a program that only computes
// and is killed then has lived longer.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "heap/profile.h"
#include "run/record.h"

namespace ullage::run {

void set_ends(std::span<heap::Profile> profiles, const Record& record);
// load_heap, with ends.
Result<std::vector<heap::Profile>> load_heap_of(const std::string& run_path, const Record& record);

}  // namespace ullage::run
