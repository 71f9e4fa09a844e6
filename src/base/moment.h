// SPDX-License-Identifier: Apache-2.0
// A moment as people write and read it: "2026-11-26T12:00:00Z" (UTC where no offset stands), a date alone,
// seconds since the epoch, "now", or a duration before now ("-5m"). Milliseconds since the epoch inside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage {

Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms);
std::string format_moment(std::int64_t time_ms);  // "2026-11-26T12:00:00.000Z"

}  // namespace ullage
