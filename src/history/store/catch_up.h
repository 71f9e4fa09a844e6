// SPDX-License-Identifier: Apache-2.0
// Makes up the buckets that a writer which was killed, or had no room, did not write: from the raw samples of
// which its tiers say nothing. While nobody writes the history.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace ullage::history {

enum class CatchUp { newest_days, all_days };
// How many buckets were added.
Result<std::uint64_t> catch_up(const std::string& folder, CatchUp what);

}  // namespace ullage::history
