// SPDX-License-Identifier: Apache-2.0
// Numbers and labels as texts of samples have them: the shortest decimal that is the same double, NaN, +Inf,
// -Inf, -0; labels as a="b",c="d" with \\, \" and \n. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "history/exchange/line_reader.h"
#include "metric/series.h"

namespace ullage::history {

void append_number(std::string& out, double value);
std::optional<double> parse_number_text(std::string_view text);
// Seconds with as many decimals as are needed: 1700000000, 1700000000.5.
void append_seconds(std::string& out, std::int64_t time_ms);
// Seconds to the nearest millisecond; nothing beyond a hundred thousand years.
std::optional<std::int64_t> parse_seconds(std::string_view text);

void append_labels(std::string& out, const metric::Labels& labels);  // a="b","c.d"="e"
// What stands between quotes; the cursor is at the first.
Result<std::string> take_quoted(LineCursor& cursor);
// A label's name, quoted or not.
Result<std::string> take_label_name(LineCursor& cursor);
// a="b",… up to `end`, or the end of the line when that is 0; a comma before it is allowed.
Result<void> take_labels(LineCursor& cursor, char end, metric::Labels& labels);

}  // namespace ullage::history
