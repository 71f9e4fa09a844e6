// SPDX-License-Identifier: Apache-2.0
// The small files of /sys, one value each, for what is read apart from the tick: by path, without keeping
// them open. One that is missing, or that the driver will not tell now, is absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ullage::sense {

std::optional<std::string> read_attribute(const std::string& path);  // without the line's end
// Decimal, or hexadecimal after "0x". One that was cut short of its line's end is absent.
std::optional<std::int64_t> read_number_attribute(const std::string& path);
// The names in a folder, in order; nothing when there is no such folder.
std::optional<std::vector<std::string>> folder_names(const std::string& path);

}  // namespace ullage::sense
