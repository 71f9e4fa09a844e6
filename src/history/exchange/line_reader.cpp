// SPDX-License-Identifier: Apache-2.0
#include "history/exchange/line_reader.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "history/exchange/exchange.h"
#include "history/series_file.h"
#include "metric/sample_text.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::size_t kHandedOn = 4096;

std::string shown(std::string_view name) { return '\'' + printable(name.substr(0, 40)) + '\''; }

}  // namespace

Result<void> SampleReader::LineReader::flush() {
  if (pending_.empty()) return {};
  samples_ += pending_.size();
  auto taken = take_(key_, pending_);
  pending_.clear();
  return taken;
}

Result<void> SampleReader::LineReader::begin_series(metric::SeriesKey key, const LineCursor& cursor) {
  if (auto settled = metric::settle_key(key, cursor); !settled) return settled;
  if (has_series_ && key == key_) return {};
  if (auto flushed = flush(); !flushed) return flushed;
  key_ = std::move(key);
  has_series_ = true;
  has_last_ = false;
  return {};
}

Result<void> SampleReader::LineReader::add(Sample sample, const LineCursor& cursor) {
  if (has_last_ && sample.time_ms <= last_ms_)
    return cursor.fail_here("a sample of " + shown(key_.name) + " that is not after the one before",
                            "samples of a series ascend in time");
  has_last_ = true;
  last_ms_ = sample.time_ms;
  pending_.push_back(sample);
  return pending_.size() < kHandedOn ? Result<void>() : flush();
}

}  // namespace ullage::history
