// SPDX-License-Identifier: Apache-2.0
// The report's data, and the report: the page of web/ (one HTML text, kept in the binary) with that data in
// its placeholder. docs/formats/report.md. Numbers are appended as text directly: a day of fifty processes
// is a hundred thousand of them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/series_view.h"

namespace ullage::run {

// The JSON text, safe inside a script element: no '<' in it.
Result<std::string> report_data(const Record& record, const SeriesView& series);
// Fills the page's <script type="application/json" id="ullage-data"> element.
Result<std::string> fill_report(std::string_view page, std::string_view data);
Result<std::string> report_html(std::string_view page, const LoadedRun& run);

}  // namespace ullage::run
