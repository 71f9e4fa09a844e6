// SPDX-License-Identifier: Apache-2.0
// Any bytes as OpenMetrics, CSV and JSON lines. Cut into pieces a text must mean the same as whole.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "history/exchange/exchange.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace {

using ullage::history::ExchangeFormat;
using ullage::history::Sample;
using ullage::history::SampleReader;

// All that is read, as one text, and the error at its end.
std::string read_in_pieces(ExchangeFormat format, std::string_view text, std::size_t piece_bytes) {
  std::string all;
  SampleReader reader(format, [&](const ullage::metric::SeriesKey& key, std::span<const Sample> samples) {
    ullage::check(!key.name.empty() && !samples.empty(), "a series has a name and samples");
    for (const Sample& sample : samples)
      all += key.text() + ' ' + std::to_string(sample.time_ms) + ' ' +
             std::to_string(std::bit_cast<std::uint64_t>(sample.value)) + '\n';
    return ullage::Result<void>();
  });
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, piece_bytes);
    if (const auto fed = reader.feed(piece); !fed) return all + fed.error().text();
    text.remove_prefix(piece.size());
  }
  const auto done = reader.finish();
  return done ? all : all + done.error().text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const ExchangeFormat format :
       {ExchangeFormat::openmetrics, ExchangeFormat::csv, ExchangeFormat::json_lines})
    ullage::check(read_in_pieces(format, text, size + 1) == read_in_pieces(format, text, 7),
                  "pieces mean the same");
  return 0;
}
