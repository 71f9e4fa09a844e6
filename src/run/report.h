// SPDX-License-Identifier: Apache-2.0
// The report's data, and the report: the page of web/ (one HTML text, kept in the binary) with that data in
// its placeholder. docs/formats/report.md. Numbers are appended as text directly: a day of fifty processes
// is a hundred thousand of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/series_view.h"

namespace ullage::run {

// The JSON text, safe inside a script element: no '<' in it. `heap`: JSON of what report_heap says.
Result<std::string> report_data(const Record& record, const SeriesView& series, std::string_view heap = {});
// Fills the page's <script type="application/json" id="ullage-data"> element.
Result<std::string> fill_report(std::string_view page, std::string_view data);
// heap_nodes_max: of the flame graph; what is smaller goes to its callers.
constexpr std::size_t kReportHeapNodes = 20'000;
Result<std::string> report_html(std::string_view page, const LoadedRun& run,
                                std::size_t heap_nodes_max = kReportHeapNodes);

}  // namespace ullage::run
