// SPDX-License-Identifier: Apache-2.0
#include "history/store/dated_file.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "history/rewriter.h"
#include "history/sqlite.h"
#include "history/store/block_file.h"
#include "history/store/history_files.h"

namespace ullage::history {

namespace {

constexpr int kPartsMax = 99;
constexpr std::size_t kFinishingSlice = 1u << 20;  // samples

}  // namespace

bool DatedFile::is_for(std::int64_t time_ms) const {
  if (span_.name.empty()) return false;
  return tier_ == Tier::raw ? time_ms >= span_.begin_ms && time_ms < span_.end_ms
                            : time_ms > span_.begin_ms && time_ms <= span_.end_ms;
}

void DatedFile::aim(std::int64_t time_ms) {
  if (is_for(time_ms)) return;
  retire();
  first_part_ = 0;
  span_ = file_for(tier_, time_ms);
}

Result<BlockFile*> DatedFile::at(std::int64_t time_ms) {
  aim(time_ms);
  if (file_ != nullptr) return file_.get();
  // After a jump of the clock it may be one that is being finished, and two must not write to it.
  while (std::ranges::any_of(retired_, [&](const auto& file) {
    return file->path().starts_with(folder_ + "/" + span_.name.substr(0, span_.name.size() - 3));
  }))
    (void)work(kFinishingSlice);
  for (int part = first_part_;; ++part) {
    HistoryFile wanted = file_for(tier_, time_ms, part);
    auto opened = BlockFile::open(folder_ + "/" + wanted.name, kind_of(tier_));
    if (!opened && is_damage(opened.error()) && part < kPartsMax) {
      ++damaged_files_;
      first_part_ = part + 1;
      continue;
    }
    if (!opened) return pass_on(opened);
    span_ = std::move(wanted);
    file_ = std::move(*opened);
    ++epoch_;
    return file_.get();
  }
}

void DatedFile::retire() {
  if (file_ != nullptr) retired_.push_back(std::move(file_));
  span_ = HistoryFile();
}

bool DatedFile::give_up_damaged() {
  if (file_ == nullptr || !file_->is_damaged()) return false;
  ++damaged_files_;
  first_part_ = span_.part + 1;
  file_.reset();
  return true;
}

bool DatedFile::work(std::size_t samples_max) {
  if (!retired_.empty()) {
    BlockFile& oldest = *retired_.front();
    if (!oldest.work(samples_max, Urgency::to_the_end)) return false;
    oldest.close();
    retired_.erase(retired_.begin());
    return false;
  }
  return file_ == nullptr || file_->work(samples_max, Urgency::when_worthwhile);
}

void DatedFile::close() {
  retire();
  while (!retired_.empty()) (void)work(kFinishingSlice);
}

}  // namespace ullage::history
