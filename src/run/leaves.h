// SPDX-License-Identifier: Apache-2.0
// The figures of a run by the names its JSON gives them: "memory.peak_bytes", "phases.load.cpu_seconds",
// "limits.memory.got". Objects in arrays go by their own name, a repeated one by its turn
// ("phases.epoch[2]…"). Yes and no count as 1 and 0; what is null is there, without a value. Moments, tables
// of processes, events and advice are no figures.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/record.h"

namespace ullage::run {

enum class Unit { bytes, seconds, cores, count, code, yes_no };
// Of which there is more or less, so that a percentage says something; not so of an exit code.
bool is_quantity(Unit unit);

struct Leaf {
  std::string path;
  Unit unit;
  std::optional<double> value;
};

std::vector<Leaf> leaves_of(const Record& record);
Unit unit_of_path(std::string_view path);
// "1.20 GiB", "12.5 s", "3,000", "yes".
std::string format_figure(double value, Unit unit);
const Leaf* find_leaf(const std::vector<Leaf>& leaves, std::string_view path);

}  // namespace ullage::run
