// SPDX-License-Identifier: Apache-2.0
#include "history/exchange/line_reader.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "history/exchange/exchange.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::size_t kHandedOn = 4096;

std::string shown(std::string_view name) { return '\'' + printable(name.substr(0, 40)) + '\''; }

}  // namespace

std::string_view LineCursor::take_until(char c) {
  const std::string_view taken = rest().substr(0, rest().find(c));
  at_ += taken.size();
  return taken;
}

tl::unexpected<Error> LineCursor::fail_here(std::string what, std::string hint, std::size_t back) const {
  const std::size_t column = at_ - std::min(at_, back) + 1;
  return fail(std::move(what), "line " + std::to_string(number_) + ':' + std::to_string(column),
              std::move(hint));
}

Result<void> SampleReader::LineReader::flush() {
  if (pending_.empty()) return {};
  samples_ += pending_.size();
  auto taken = take_(key_, pending_);
  pending_.clear();
  return taken;
}

Result<void> SampleReader::LineReader::begin_series(metric::SeriesKey key, const LineCursor& cursor) {
  std::ranges::sort(key.labels);
  const auto twice = std::ranges::adjacent_find(key.labels, {}, &metric::Label::name);
  if (twice != key.labels.end()) return cursor.fail_here("the label " + shown(twice->name) + " stands twice");
  std::erase_if(key.labels, [](const metric::Label& label) { return label.value.empty(); });
  if (key.name.empty()) return cursor.fail_here("a series without a name");
  std::size_t bytes = key.name.size();
  for (const auto& [name, value] : key.labels) {
    bytes += name.size() + value.size();
    if (name.empty()) return cursor.fail_here("a label without a name");
    if (name == "__name__") return cursor.fail_here("the label __name__ beside a name");
    if (valid_utf8(name) != name || valid_utf8(value) != value)
      return cursor.fail_here("the label " + shown(name) + " is not UTF-8");
  }
  if (valid_utf8(key.name) != key.name)
    return cursor.fail_here("the name " + shown(key.name) + " is not UTF-8");
  if (bytes > kImportKeyBytesMax)
    return cursor.fail_here("a name and labels of " + std::to_string(bytes) + " bytes",
                            "they may have " + std::to_string(kImportKeyBytesMax));
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
