// SPDX-License-Identifier: Apache-2.0
// What `ullage top --json` prints (docs/formats/top-json.md). What is not known is null. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

#include "top/machine_view.h"
#include "top/row_list.h"

namespace ullage::top {

// Processes and groups, each in the choice's order, picked by its filter, and at most so many.
nlohmann::json machine_json(const MachineView& view, const RowChoice& choice, std::size_t rows_most);

}  // namespace ullage::top
