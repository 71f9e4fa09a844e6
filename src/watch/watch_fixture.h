// SPDX-License-Identifier: Apache-2.0
// For tests: sources that are functions, and what a history has of a series.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/history_source.h"
#include "metric/frame.h"
#include "metric/series.h"
#include "sense/collector.h"
#include "watch/collecting.h"

namespace ullage::watch {

class FunctionCollector final : public sense::Collector {
 public:
  using Call = std::function<Result<void>(metric::Frame&)>;
  explicit FunctionCollector(Call call) : call_(std::move(call)) {}
  Result<void> collect(metric::Frame& frame) override { return call_(frame); }

 private:
  Call call_;
};

inline std::vector<Source> one_source(FunctionCollector::Call call) {
  std::vector<Source> sources;
  sources.push_back({"test", std::make_unique<FunctionCollector>(std::move(call))});
  return sources;
}

// Of the series with this name, whatever its labels: those of several one after the other.
inline std::vector<history::Sample> samples_of(const std::string& folder, const std::string& name) {
  std::vector<history::Sample> found;
  const auto source = history::HistorySource::open(folder);
  EXPECT_TRUE(source) << source.error().text();
  if (!source) return found;
  const auto done = source->select({{{"__name__", history::Matcher::Kind::equal, name}}, 0, INT64_MAX / 2},
                                   [&](const metric::SeriesKey&, std::span<const history::Sample> samples) {
                                     found.insert(found.end(), samples.begin(), samples.end());
                                     return Result<void>();
                                   });
  EXPECT_TRUE(done) << done.error().text();
  return found;
}

}  // namespace ullage::watch
