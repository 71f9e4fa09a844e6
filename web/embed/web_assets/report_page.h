// SPDX-License-Identifier: Apache-2.0
// The report page, kept in the binary: one HTML text that asks nothing of any network. The data of a run
// goes into its empty <script type="application/json" id="ullage-data"> (docs/formats/report.md).
#pragma once

#include <string_view>

namespace ullage::web_assets {

// What stands in the page exactly once; the data goes between the two tags.
constexpr std::string_view kDataPlaceholder = R"(<script type="application/json" id="ullage-data"></script>)";

std::string_view report_page();

}  // namespace ullage::web_assets
