// SPDX-License-Identifier: Apache-2.0
// Samples as text that other programs read and write, and back: CSV, JSON lines (as VictoriaMetrics exports
// and imports them) and OpenMetrics (docs/formats/exchange.md). Both ways stream: no more is held than one
// series of a source, or one line of a text. Every double survives; staleness markers do in CSV and JSON
// lines, and are left out of OpenMetrics, which has no word for them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {

enum class ExchangeFormat { csv, json_lines, openmetrics };
std::optional<ExchangeFormat> parse_exchange_format(std::string_view name);  // csv, jsonl, openmetrics

struct ExchangeCounts {
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;  // of text
};

// Where the text goes, piece by piece; its error ends the export.
using TextSink = std::function<Result<void>(std::string_view)>;
// Series in the source's order; of OpenMetrics in order of their names, with type, unit and help of those
// that the table of metrics knows.
Result<ExchangeCounts> export_samples(const SeriesSource& source, const Selection& selection,
                                      ExchangeFormat format, const TextSink& sink);

// What is read, some samples of one series at a time, ascending in time; its error ends the import.
using TakeSamples = std::function<Result<void>(const metric::SeriesKey&, std::span<const Sample>)>;

constexpr std::size_t kLineBytesMax = 64u << 20;  // JSON lines have a whole series

class SampleReader {
 public:
  SampleReader(ExchangeFormat format, TakeSamples take);
  SampleReader(SampleReader&&) noexcept;
  SampleReader& operator=(SampleReader&&) noexcept;
  ~SampleReader();

  // The next piece of the text, cut anywhere. An error names line and column; nothing more may be fed then.
  Result<void> feed(std::string_view text);
  // Says that the text has ended: a last line without its end is read, and one that must come is missed.
  Result<ExchangeCounts> finish();

  class LineReader;  // of one format

 private:
  Result<void> read_line(std::string_view line);

  std::unique_ptr<LineReader> lines_;
  std::string begun_;  // a line of which the end has not come
  std::uint64_t line_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace ullage::history
