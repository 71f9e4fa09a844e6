// SPDX-License-Identifier: Apache-2.0
// What a program printed, as a reading: Prometheus's text format, OpenMetrics, or JSON, an object a line:
//
//     {"name":"queue_depth","labels":{"shard":"a"},"value":3}
//
// Which of them is seen by the first line that says anything, and OpenMetrics by its end, # EOF. An object
// may say what a TYPE, HELP or UNIT line would: "type", "help", "unit". Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {

// An error's where is "line 3:17".
Result<CustomReading> parse_program_output(std::string_view text);

}  // namespace ullage::sense
