// SPDX-License-Identifier: Apache-2.0
// The order of texts that people expect where they hold numbers: node2 before node10.
#pragma once

#include <compare>
#include <string_view>

namespace ullage::query {

std::strong_ordering natural_order(std::string_view a, std::string_view b);

}  // namespace ullage::query
