// SPDX-License-Identifier: Apache-2.0
// Writes one tier: buckets come in as their time is over and go out with the next flush. Beside them stands
// in the file which stretches of the raw ticks they tell of, so that a reader, and the next start after a
// kill, know what to make up from raw samples: a bucket that could not be kept is not lost while these are
// there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/pending_ticks.h"
#include "history/series_source.h"
#include "history/store/dated_file.h"
#include "history/store/history_files.h"
#include "history/store/live_table.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

class TierWriter {
 public:
  TierWriter(std::string folder, Tier tier) : file_(std::move(folder), tier), width_ms_(width_ms(tier)) {}

  std::int64_t width() const { return width_ms_; }
  // A raw tick whose samples go into buckets from now on; `is_break`: it does not follow the one before.
  void see_tick(std::int64_t time_ms, bool is_break);

  // Readies the file of a bucket, so that id_of() gives ids in it.
  bool ready(std::int64_t bucket_ms);
  // A bucket's time is over: begin, put each series, end. When begin says no, or put could not, what it was
  // about is left to the raw samples.
  bool begin_bucket(std::int64_t bucket_ms);
  bool keeps(bool is_whole);                                       // says no to a bucket that is not whole
  metric::SeriesId id_of(const LiveSeries& series, IdInFile& id);  // in the file of the bucket
  void put(metric::SeriesId series, const Bucket& bucket);
  void end_bucket();
  std::uint64_t left_out() const { return left_out_; }  // buckets

  Result<void> flush();
  // Time goes on somewhere else, maybe earlier: what is pending goes out now or never.
  void end_stretch();
  DatedFile& file() { return file_; }

 private:
  void give_up();
  void drop_pending();

  DatedFile file_;
  std::int64_t width_ms_;
  PendingTicks pending_{kSamplesPerBlock};
  metric::Tick tick_;
  std::optional<Stretch> seen_;       // the ticks whose samples are in no bucket yet, or in the newest ones
  std::vector<Stretch> seen_before_;  // the same, before a break
  std::vector<Stretch> to_tell_;      // with the pending buckets
  std::int64_t told_until_ms_ = 0;    // the last tick of those
  std::uint64_t left_out_ = 0;
};

}  // namespace ullage::history
