// SPDX-License-Identifier: Apache-2.0
// Numbers and labels as texts of samples have them: the shortest decimal that is the same double, NaN, +Inf,
// -Inf, -0; labels as a="b",c="d" with \\, \" and \n. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metric/line_cursor.h"
#include "metric/series.h"

namespace ullage::metric {

void append_number(std::string& out, double value);
std::optional<double> parse_number_text(std::string_view text);
// Seconds with as many decimals as are needed: 1700000000, 1700000000.5.
void append_seconds(std::string& out, std::int64_t time_ms);
// Seconds to the nearest millisecond; nothing beyond a hundred thousand years.
std::optional<std::int64_t> parse_seconds(std::string_view text);

void append_labels(std::string& out, const Labels& labels);  // a="b","c.d"="e"
// What stands between quotes; the cursor is at the first.
Result<std::string> take_quoted(LineCursor& cursor);
// A label's name, quoted or not.
Result<std::string> take_label_name(LineCursor& cursor);
// a="b",… up to `end`, or the end of the line when that is 0; a comma before it is allowed.
Result<void> take_labels(LineCursor& cursor, char end, Labels& labels);
// A metric's name, quoted or not.
Result<std::string> take_metric_name(LineCursor& cursor);
// name{a="b",…} or {"name",a="b",…}, as the text has it.
Result<SeriesKey> take_series_key(LineCursor& cursor);
// " # {trace_id="x"} 0.5 1700000000.1", an exemplar, to the end of the line.
Result<void> pass_exemplar(LineCursor& cursor);

constexpr std::size_t kKeyBytesMax = 16u << 10;  // of a name and labels, as a history takes them
// Labels in order and without empty ones, or what is wrong with the series where the cursor is.
Result<void> settle_key(SeriesKey& key, const LineCursor& cursor);

}  // namespace ullage::metric
