// SPDX-License-Identifier: Apache-2.0
// A run's series in long form, one row a sample: time, series, labels, value; as CSV (RFC 4180) or JSON
// lines. Streams: a tick is written as it is read.
#pragma once

#include <iosfwd>
#include <string_view>

#include "base/result.h"
#include "run/series_view.h"

namespace ullage::run {

enum class ExportFormat { csv, jsonl };

Result<ExportFormat> parse_export_format(std::string_view name);
Result<void> export_series(const SeriesView& series, ExportFormat format, std::ostream& out);

}  // namespace ullage::run
