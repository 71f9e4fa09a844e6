// SPDX-License-Identifier: Apache-2.0
// One value, checked against its key: text in, the same value in the form that Settings keeps out. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/schema.h"

namespace ullage::config {

// Flags become true or false, `none` of an optional key becomes empty, lists "[a, b]"; all else stays as it
// was written. The error says what was wrong and what would be right; where is the caller's.
Result<std::string> check_value(const Key& key, std::string_view text);
Result<std::string> check_items(const Key& key, const std::vector<std::string>& items);

// "from 1ms to 1h", "of at least 1"; empty where everything is allowed.
std::string range_text(const Key& key);
// "80%" and "0.8" alike.
Result<double> parse_ratio(std::string_view text);
// "USR1", "SIGUSR1" or "10".
Result<int> parse_signal(std::string_view text);
// "[a, 'b, c']" or "a, b".
std::vector<std::string> split_list(std::string_view text);
// As YAML has to write it: plain where that is safe, in double quotes where it is not.
std::string yaml_scalar(std::string_view text);

}  // namespace ullage::config
