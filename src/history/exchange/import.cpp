// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "history/exchange/exchange.h"
#include "history/exchange/line_reader.h"

namespace ullage::history {

namespace {

std::unique_ptr<SampleReader::LineReader> make_reader(ExchangeFormat format, TakeSamples take) {
  switch (format) {
    case ExchangeFormat::csv:
      return make_csv_reader(std::move(take));
    case ExchangeFormat::json_lines:
      return make_json_lines_reader(std::move(take));
    case ExchangeFormat::openmetrics:
      return make_openmetrics_reader(std::move(take));
  }
  return nullptr;
}

}  // namespace

std::optional<ExchangeFormat> parse_exchange_format(std::string_view name) {
  if (name == "csv") return ExchangeFormat::csv;
  if (name == "jsonl") return ExchangeFormat::json_lines;
  if (name == "openmetrics") return ExchangeFormat::openmetrics;
  return std::nullopt;
}

SampleReader::SampleReader(ExchangeFormat format, TakeSamples take)
    : lines_(make_reader(format, std::move(take))) {}
SampleReader::SampleReader(SampleReader&&) noexcept = default;
SampleReader& SampleReader::operator=(SampleReader&&) noexcept = default;
SampleReader::~SampleReader() = default;

Result<void> SampleReader::read_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return lines_->line(LineCursor(line, ++line_));
}

Result<void> SampleReader::feed(std::string_view text) {
  bytes_ += text.size();
  while (true) {
    const std::size_t end = text.find('\n');
    if (begun_.size() + std::min(end, text.size()) > kLineBytesMax)
      return LineCursor({}, line_ + 1)
          .fail_here("a line of more than " + std::to_string(kLineBytesMax) + " bytes");
    if (end == std::string_view::npos) {
      begun_ += text;
      return {};
    }
    if (begun_.empty()) {
      if (auto read = read_line(text.substr(0, end)); !read) return read;
    } else {
      begun_ += text.substr(0, end);
      if (auto read = read_line(begun_); !read) return read;
      begun_.clear();
    }
    text.remove_prefix(end + 1);
  }
}

Result<ExchangeCounts> SampleReader::finish() {
  if (!begun_.empty())
    if (auto read = read_line(std::exchange(begun_, {})); !read) return pass_on(read);
  if (auto ended = lines_->end(LineCursor({}, line_ + 1)); !ended) return pass_on(ended);
  if (auto flushed = lines_->flush(); !flushed) return pass_on(flushed);
  return ExchangeCounts{.samples = lines_->samples(), .bytes = bytes_};
}

}  // namespace ullage::history
