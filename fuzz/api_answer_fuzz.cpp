// SPDX-License-Identifier: Apache-2.0
// Any bytes as an answer of Prometheus's API.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "history/remote/api_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto matrix = ullage::history::parse_matrix(text))
    for (const auto& series : *matrix)
      for (std::size_t i = 1; i < series.samples.size(); ++i)
        ullage::check(series.samples[i - 1].time_ms < series.samples[i].time_ms, "samples ascend");
  (void)ullage::history::parse_series_list(text);
  (void)ullage::history::parse_api_error(text);
  return 0;
}
