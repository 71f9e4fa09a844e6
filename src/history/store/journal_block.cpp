// SPDX-License-Identifier: Apache-2.0
#include "history/store/journal_block.h"

#include <cstddef>
#include <memory>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "metric/series.h"

namespace ullage::history {

Result<JournalBlock> JournalBlock::unpack(const BlockView& view, Series& series) {
  if (series == nullptr || *series != view.series())
    series = std::make_shared<const std::vector<metric::SeriesId>>(view.series());
  JournalBlock block;
  block.series_ = series;
  block.times_ms_ = view.times_ms();
  block.values_.reserve(view.series().size() * view.times_ms().size());
  std::vector<double> column;
  for (std::size_t i = 0; i < view.series().size(); ++i) {
    if (auto read = view.read_column(i, column); !read) return pass_on(read);
    block.values_.insert(block.values_.end(), column.begin(), column.end());
  }
  return block;
}

Result<void> JournalBlock::read_column(std::size_t index, std::vector<double>& values) const {
  const double* first = values_.data() + index * times_ms_.size();
  values.assign(first, first + times_ms_.size());
  return {};
}

}  // namespace ullage::history
