// SPDX-License-Identifier: Apache-2.0
// A series' key as one text: what the head remembers of each series that lives, and what finds it again.
// The name, then label names and values in order, each with its length before it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "metric/series.h"

namespace ullage::history {

// Longer keys are refused.
constexpr std::size_t kKeyBytesMax = 16 << 10;

// A key as it is kept: UTF-8 (other bytes become U+FFFD), labels in order, none that is empty (which is as
// one that is absent) and none twice (the first stays); `__name__` is the name. Nothing for what is no key:
// without a name, or too long.
std::optional<metric::SeriesKey> normal_key(const metric::SeriesKey& key);

std::string pack_key(const metric::SeriesKey& key);
metric::SeriesKey unpack_key(std::string_view packed);

}  // namespace ullage::history
