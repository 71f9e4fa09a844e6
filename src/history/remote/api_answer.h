// SPDX-License-Identifier: Apache-2.0
// What Prometheus's HTTP API v1 answers, read as it comes: a matrix of samples, or a list of series. Answers
// are large, so no tree is made of them, and untrusted: what is not as documented is an error that says
// where. Pure: text in, values out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "history/remote/series_samples.h"

namespace ullage::history {

// {"status":"success","data":{"resultType":"matrix","result":[{"metric":{…},"values":[[seconds,"value"],…]},…]}}
Result<std::vector<SeriesSamples>> parse_matrix(std::string_view json);
// {"status":"success","data":[{"__name__":"x",…},…]}
Result<std::vector<SeriesSamples>> parse_series_list(std::string_view json);
// The words of {"status":"error","errorType":…,"error":…}; empty when it is nothing of the kind.
std::string parse_api_error(std::string_view json);

}  // namespace ullage::history
