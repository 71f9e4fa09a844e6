// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "history/block.h"
#include "history/history.h"
#include "history/store/bucket.h"
#include "history/store/catch_up.h"
#include "history/store/folder_lock.h"
#include "history/store/history_files.h"
#include "history/store/live_table.h"
#include "history/store/packed_key.h"
#include "history/store/raw_writer.h"
#include "history/store/retention.h"
#include "history/store/stretches.h"
#include "history/store/tier_writer.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::size_t kHeadValuesMin = 256u << 10;
constexpr std::int64_t kIdleMs = 10 * kMinuteMs;
// Series that ended within the hour, whose part of the hour's bucket waits for its end: 64 bytes each.
constexpr std::size_t kLeavingMax = 50'000;
constexpr std::uint32_t kIllegal = kNone - 1;
// A clock that has jumped is believed after so long: until then nothing is removed for its age.
constexpr std::int64_t kDisbeliefMs = kHourMs;

struct Leaving {
  IdInFile minute, hour;
  Accumulator so_far;
};

}  // namespace

struct HistoryWriter::Impl {
  Impl(std::string at, const HistoryOptions& wanted)
      : folder(std::move(at)),
        options(wanted),
        live(std::min(options.series_max, LiveTable::kPlacesMax - 1)),
        raw(folder, live, std::max(kHeadValuesMin, options.series_max * 4)),
        minute(folder, Tier::minute),
        hour(folder, Tier::hour) {}

  std::string folder;
  HistoryOptions options;
  FileDescriptor lock;
  LiveTable live;
  RawWriter raw;
  TierWriter minute, hour;
  HistoryCounts counts;
  std::vector<Leaving> leaving_minute, leaving_hour;
  std::vector<metric::SeriesId> ids_of_table;
  metric::Tick translated;
  std::int64_t last_ms = -1;  // the last tick; -1 before the first
  std::int64_t minute_bucket = 0, hour_bucket = 0;
  std::int64_t disbelief_until_ms = 0;
  std::int64_t newest_file_ms = 0;  // at opening
  std::int64_t tidied_ms = 0;
  bool is_closed = false;

  metric::SeriesId id(const metric::SeriesKey& key) {
    const auto normal = normal_key(key);
    if (!normal) return kIllegal;
    const auto given = live.id(pack_key(*normal));
    if (!given) return kNone;
    LiveSeries& series = live.series(live.place(*given));
    series.seen_ms = std::max(series.seen_ms, last_ms);
    return *given;
  }

  void append(const metric::Tick& tick, const metric::SeriesTable& table) {
    translated.clear();
    translated.time_ms = tick.time_ms;
    for (const metric::Value& value : tick.values) {
      if (value.series >= ids_of_table.size()) ids_of_table.resize(value.series + 1, kNone);
      metric::SeriesId& ours = ids_of_table[value.series];
      const bool is_known = ours < kIllegal && live.place(ours) != kNone;
      if (!is_known && ours != kIllegal && (ours != kNone || live.size() < live.places_max()))
        ours = id(table.key(value.series));
      if (ours < kIllegal)
        translated.add(ours, value.value);
      else
        ++(ours == kNone ? counts.refused_samples : counts.illegal_samples);
    }
    append(translated);
  }

  void append(const metric::Tick& tick) {
    const std::int64_t now = tick.time_ms;
    const bool is_possible = now >= kTimeMsMin && now <= kTimeMsMax - kHourMs;
    if (!is_possible || !raw.accepts(now)) {
      ++(is_possible ? counts.late_ticks : counts.impossible_ticks);
      return;
    }
    const bool is_back = last_ms >= 0 && now < last_ms;
    const bool is_break = is_back || (last_ms >= 0 && now - last_ms > Stretches::kJoinMs);
    if (is_back) end_stretch();
    note_jump(now);
    turn_to(now);
    minute.see_tick(now, is_break);
    hour.see_tick(now, is_break);
    raw.make_room(tick.values.size());
    raw.will_tell(now);
    raw.head().begin_tick(now);
    for (const metric::Value& value : tick.values) take(value);
    last_ms = now;
  }

  void take(const metric::Value& value) {
    if (is_absent(value.value)) return;
    const std::uint32_t place = live.place(value.series);
    if (place == kNone) {
      ++counts.forgotten_ids;
      return;
    }
    LiveHot& hot = live.hot(place);
    if (hot.column == kNone) hot.column = raw.head().add_column(place);
    if (!raw.head().set(hot.column, value.value)) {
      ++counts.duplicate_samples;
      return;
    }
    ++counts.taken_samples;
    if (!is_marker(value.value)) hot.minute_so_far.add(value.value);
  }

  void note_jump(std::int64_t now) {
    const std::int64_t before = last_ms >= 0 ? last_ms : newest_file_ms;
    const std::int64_t far = last_ms >= 0 ? kHourMs : kDayMs;
    if (before > 0 && (now < before - kDayMs || now > before + far)) disbelief_until_ms = now + kDisbeliefMs;
  }

  // Ends the minute and the hour that `now` is not in.
  void turn_to(std::int64_t now) {
    const std::int64_t bucket = bucket_of(now, kMinuteMs);
    if (bucket == minute_bucket) return;
    if (minute_bucket != 0) end_minute();
    if (hour_bucket != 0 && bucket_of(bucket, kHourMs) != hour_bucket) end_hour();
    minute_bucket = bucket;
    hour_bucket = bucket_of(bucket, kHourMs);
  }

  void end_minute() {
    // Ids of a file that was damaged since are worth nothing, and without them the bucket would not be whole.
    const bool ready = minute.begin_bucket(minute_bucket) &&
                       minute.keeps(std::ranges::all_of(leaving_minute, [&](const Leaving& leaving) {
                         return leaving.minute.epoch == minute.file().epoch();
                       }));
    for (std::uint32_t place = 0; place < live.places(); ++place) {
      Accumulator& so_far = live.hot(place).minute_so_far;
      if (so_far.is_empty()) continue;
      LiveSeries& series = live.series(place);
      if (ready) minute.put(minute.id_of(series, series.minute), so_far.bucket(minute_bucket));
      series.hour_so_far.add(so_far);
      series.seen_ms = minute_bucket;
      so_far.clear();
    }
    for (const Leaving& leaving : leaving_minute) {
      if (ready) minute.put(leaving.minute.id, leaving.so_far.bucket(minute_bucket));
      leaving_hour.push_back(leaving);
    }
    leaving_minute.clear();
    if (ready) minute.end_bucket();
    forget_idle();
    if (leaving_hour.size() > kLeavingMax) end_hour();
  }

  void forget_idle() {
    for (std::uint32_t place = 0; place < live.places(); ++place) {
      const bool is_idle = live.is_used(place) && live.hot(place).column == kNone &&
                           live.series(place).seen_ms + kIdleMs <= minute_bucket;
      if (!is_idle) continue;
      if (!live.series(place).hour_so_far.is_empty() && !hour.ready(hour_bucket)) return;
      leave(place);
    }
  }

  void end_hour() {
    const bool ready = hour.begin_bucket(hour_bucket) &&
                       hour.keeps(std::ranges::all_of(leaving_hour, [&](const Leaving& leaving) {
                         return leaving.hour.epoch == hour.file().epoch();
                       }));
    for (std::uint32_t place = 0; place < live.places(); ++place) {
      LiveSeries& series = live.series(place);
      if (series.hour_so_far.is_empty()) continue;
      if (ready) hour.put(hour.id_of(series, series.hour), series.hour_so_far.bucket(hour_bucket));
      series.hour_so_far.clear();
    }
    for (const Leaving& leaving : leaving_hour)
      if (ready) hour.put(leaving.hour.id, leaving.so_far.bucket(hour_bucket));
    leaving_hour.clear();
    leaving_hour.shrink_to_fit();
    if (ready) hour.end_bucket();
  }

  // Its part of the hour waits for the hour's end; the rest of it goes. The hour's file is ready, and the
  // minute's where it has a part in that.
  void leave(std::uint32_t place) {
    LiveSeries& series = live.series(place);
    const Accumulator& minute_so_far = live.hot(place).minute_so_far;
    if (!minute_so_far.is_empty())
      leaving_minute.push_back(
          {id_in(minute, series, series.minute), id_in(hour, series, series.hour), minute_so_far});
    if (!series.hour_so_far.is_empty())
      leaving_hour.push_back({{}, id_in(hour, series, series.hour), series.hour_so_far});
    live.forget(place);
  }
  static IdInFile id_in(TierWriter& tier, const LiveSeries& series, IdInFile& id) {
    (void)tier.id_of(series, id);
    return id;
  }

  // Where so many come and go that room gets scarce, those that are not in the newest tick go at once.
  void make_places() {
    const Head& head = raw.head();
    if (live.size() <= live.places_max() * 3 / 4 || head.ticks() == 0) return;
    std::vector<bool> is_new(live.places());
    std::size_t living = 0;
    for (std::size_t column = 0; column < head.columns(); ++column)
      if (head.has(column, head.ticks() - 1)) {
        is_new[head.place(column)] = true;
        ++living;
      }
    if (live.size() - living < live.places_max() / 8) return;
    if (!minute.ready(minute_bucket) || !hour.ready(hour_bucket) || !raw.flush(RawWriter::What::whole))
      return;
    for (std::uint32_t place = 0; place < live.places(); ++place)
      if (live.is_used(place) && !is_new[place]) leave(place);
  }

  void end_stretch() {
    raw.end_stretch();
    if (minute_bucket != 0) end_minute();
    if (hour_bucket != 0) end_hour();
    minute_bucket = hour_bucket = 0;
    minute.end_stretch();
    hour.end_stretch();
  }

  Result<void> flush() {
    check(!is_closed, "a closed history is not written");
    auto written = raw.flush(RawWriter::What::news);
    auto minutes = minute.flush();
    auto hours = hour.flush();
    make_places();
    const bool is_full = !written && written.error().system_error == ENOSPC;
    if (last_ms >= 0 && (is_full || last_ms < tidied_ms || last_ms - tidied_ms >= kMinuteMs)) tidy();
    return !written ? written : !minutes ? minutes : hours;
  }

  void tidy() {
    tidied_ms = last_ms;
#ifdef __GLIBC__
    // A minute's buckets and the joining of names leave holes of megabytes, which a guest gives back.
    ::malloc_trim(0);
#endif
    const Age age = last_ms >= disbelief_until_ms ? Age::counts : Age::does_not_count;
    const auto removed =
        remove_old(folder, options.keep, last_ms, age,
                   {raw.file().current_name(), minute.file().current_name(), hour.file().current_name()});
    if (!removed) return;
    counts.removed_files += removed->names.size();
    counts.removed_bytes += removed->bytes;
  }

  Result<void> close() {
    if (std::exchange(is_closed, true)) return {};
    auto written = raw.flush(RawWriter::What::whole);
    if (minute_bucket != 0) {
      end_minute();
      end_hour();
    }
    auto minutes = minute.flush();
    auto hours = hour.flush();
    raw.close();
    minute.file().close();
    hour.file().close();
    lock.reset();
    return !written ? written : !minutes ? minutes : hours;
  }
};

HistoryWriter::HistoryWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HistoryWriter::HistoryWriter(HistoryWriter&&) noexcept = default;
HistoryWriter& HistoryWriter::operator=(HistoryWriter&&) noexcept = default;
HistoryWriter::~HistoryWriter() {
  if (impl_ != nullptr) (void)close();
}

Result<HistoryWriter> HistoryWriter::open(const std::string& folder, const HistoryOptions& options) {
  if (auto made = make_folders(folder); !made) return pass_on(made);
  auto impl = std::make_unique<Impl>(folder, options);
  auto lock = lock_history(folder);
  if (!lock) return pass_on(lock);
  impl->lock = std::move(*lock);
  auto files = list_history(folder);
  if (!files) return pass_on(files);
  for (const HistoryFile& file : *files)
    if (file.tier == Tier::raw) impl->newest_file_ms = std::max(impl->newest_file_ms, file.end_ms);
  // On a full disk this waits for the next start, and readers do without.
  (void)catch_up(folder, CatchUp::newest_days);
  return HistoryWriter(std::move(impl));
}

std::optional<metric::SeriesId> HistoryWriter::id(const metric::SeriesKey& key) {
  const metric::SeriesId id = impl_->id(key);
  return id < kIllegal ? std::optional(id) : std::nullopt;
}

bool HistoryWriter::knows(metric::SeriesId id) const { return impl_->live.place(id) != kNone; }

void HistoryWriter::append(const metric::Tick& tick) { impl_->append(tick); }
void HistoryWriter::append(const metric::Tick& tick, const metric::SeriesTable& table) {
  impl_->append(tick, table);
}
Result<void> HistoryWriter::flush() { return impl_->flush(); }
Result<void> HistoryWriter::close() { return impl_->close(); }

HistoryCounts HistoryWriter::counts() const {
  HistoryCounts counts = impl_->counts;
  counts.lost_samples = impl_->raw.lost_samples();
  counts.late_buckets = impl_->minute.left_out() + impl_->hour.left_out();
  counts.damaged_files = impl_->raw.file().damaged_files() + impl_->minute.file().damaged_files() +
                         impl_->hour.file().damaged_files();
  counts.live_series = impl_->live.size();
  return counts;
}

std::vector<std::string> HistoryCounts::sentences() const {
  std::vector<std::string> all;
  const auto say = [&](std::uint64_t count, const char* noun, const char* became) {
    if (count > 0)
      all.push_back(std::to_string(count) + ' ' + noun + (count == 1 ? " was " : "s were ") + became);
  };
  say(late_ticks, "tick", "dropped: of a time that had been told already");
  say(impossible_ticks, "tick", "dropped: of a time outside of the years 1970 to 9999");
  say(duplicate_samples, "sample", "dropped: the series had one in the same tick");
  say(refused_samples, "sample", "dropped: too many series live at the same time (history.max_series)");
  say(illegal_samples, "sample", "dropped: of a series without a name, or with one that is too long");
  say(forgotten_ids, "sample", "dropped: of a series that had ended");
  say(lost_samples, "sample", "lost: there was no room to write them");
  say(damaged_files, "file", "damaged: another was begun in its place");
  return all;
}

}  // namespace ullage::history
