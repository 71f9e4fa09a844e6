// SPDX-License-Identifier: Apache-2.0
#include "history/store/join_buckets.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/sqlite.h"
#include "history/store/block_file.h"
#include "history/store/bucket.h"
#include "history/store/dictionary.h"
#include "history/store/history_files.h"
#include "history/store/packed_key.h"
#include "history/store/stored_file.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::size_t kColumns = 5;  // of a series
constexpr std::size_t kSeriesPerPart = 12;
constexpr std::size_t kSeriesPerPartMax = 384;

bool has_repeated_times(const std::vector<StoredFile::Place>& chunks) {
  for (std::size_t i = 1; i < chunks.size(); ++i)
    if (chunks[i].begin_ms <= chunks[i - 1].end_ms) return true;
  return false;
}

class Joining {
 public:
  Joining(StoredFile& source, BlockFile& target) : source_(source), target_(target) { find_series(); }

  Result<void> copy() {
    const std::vector<StoredFile::Place>& chunks = source_.chunks();
    for (std::size_t begin = 0; begin < chunks.size();) {
      std::int64_t until_ms = chunks[begin].end_ms;
      std::size_t end = begin + 1;
      for (; end < chunks.size() && chunks[end].begin_ms <= until_ms; ++end)
        until_ms = std::max(until_ms, chunks[end].end_ms);
      if (auto copied = copy_chunks(std::span(chunks).subspan(begin, end - begin)); !copied) return copied;
      begin = end;
    }
    return target_.transact([&] { return target_.tell(source_.told()); });
  }

 private:
  // Ids of the source by series: the series' place is its id in the target.
  void find_series() {
    std::unordered_map<std::string, std::size_t> by_key;
    const Dictionary& names = source_.dictionary();
    for (metric::SeriesId id = 0; id < names.size(); ++id) {
      metric::SeriesKey key = names.key(id);
      const auto [found, is_new] = by_key.try_emplace(pack_key(key), ids_.size());
      if (is_new) {
        target_.add_series(std::move(key));
        ids_.emplace_back();
      }
      ids_[found->second].push_back(id);
    }
  }

  // Chunks that overlap each other and no others.
  Result<void> copy_chunks(std::span<const StoredFile::Place> chunks) {
    std::vector<std::int64_t> times_ms;
    for (const StoredFile::Place& chunk : chunks) {
      auto some = source_.times_ms(chunk);
      if (!some) return pass_on(some);
      times_ms.insert(times_ms.end(), some->begin(), some->end());
    }
    std::ranges::sort(times_ms);
    const auto repeated = std::ranges::unique(times_ms);
    times_ms.erase(repeated.begin(), repeated.end());
    for (std::size_t begin = 0; begin < times_ms.size(); begin += kTicksPerBlock) {
      const std::size_t count = std::min(kTicksPerBlock, times_ms.size() - begin);
      auto written = target_.transact([&] { return write_chunk(std::span(times_ms).subspan(begin, count)); });
      if (!written) return written;
    }
    return {};
  }

  Result<void> write_chunk(std::span<const std::int64_t> times_ms) {
    const Chunk chunk{.id = target_.new_chunk_id(),
                      .begin_ms = times_ms.front(),
                      .end_ms = times_ms.back(),
                      .ticks = times_ms.size()};
    // Of few ticks many series stand together, as in other chunks.
    const std::size_t together =
        std::clamp(kSeriesPerPart * kTicksPerBlock / times_ms.size(), kSeriesPerPart, kSeriesPerPartMax);
    std::size_t parts = 0;
    for (std::size_t begin = 0; begin < ids_.size(); begin += together) {
      auto block = read_block(times_ms, begin, std::min(ids_.size(), begin + together));
      if (!block) return pass_on(block);
      if (block->series.empty()) continue;
      if (auto done = target_.store().insert_block(chunk.id, parts++, *block); !done) return done;
    }
    return parts == 0 ? Result<void>() : target_.store().insert_chunk(chunk, parts);
  }

  // The buckets of series `begin` to `end` at these times.
  Result<Block> read_block(std::span<const std::int64_t> times_ms, std::size_t begin, std::size_t end) {
    std::vector<StoredFile::Wanted> wanted;
    for (std::size_t series = begin; series < end; ++series)
      for (const metric::SeriesId id : ids_[series]) wanted.push_back({id, series - begin});
    std::ranges::sort(wanted, {}, &StoredFile::Wanted::id);
    std::vector<std::vector<Bucket>> buckets(end - begin);
    const auto keep = [&](std::size_t series, std::span<const std::int64_t> times,
                          std::span<const std::vector<double>> columns) {
      for (std::size_t i = 0; i < times.size(); ++i)
        if (times[i] >= times_ms.front() && times[i] <= times_ms.back() && !is_absent(columns[3][i]))
          buckets[series].push_back(
              {times[i], columns[0][i], columns[1][i], columns[2][i], columns[3][i], columns[4][i]});
    };
    if (auto read = source_.read(wanted, times_ms.front(), times_ms.back(), keep); !read)
      return pass_on(read);
    Block block{.times_ms = {times_ms.begin(), times_ms.end()}, .series = {}, .columns = {}};
    for (std::size_t series = 0; series < buckets.size(); ++series) {
      if (buckets[series].empty()) continue;
      merge_buckets(buckets[series]);
      add(block, static_cast<metric::SeriesId>(begin + series), buckets[series]);
    }
    return block;
  }

  static void add(Block& block, metric::SeriesId series, const std::vector<Bucket>& buckets) {
    const std::size_t first = block.columns.size();
    for (std::size_t column = 0; column < kColumns; ++column) {
      block.series.push_back(static_cast<metric::SeriesId>(series * kColumns + column));
      block.columns.emplace_back(block.times_ms.size(), kAbsent);
    }
    std::size_t tick = 0;
    for (const Bucket& bucket : buckets) {
      while (block.times_ms[tick] < bucket.time_ms) ++tick;
      block.columns[first][tick] = bucket.min;
      block.columns[first + 1][tick] = bucket.max;
      block.columns[first + 2][tick] = bucket.sum;
      block.columns[first + 3][tick] = bucket.count;
      block.columns[first + 4][tick] = bucket.last;
    }
  }

  StoredFile& source_;
  BlockFile& target_;
  std::vector<std::vector<metric::SeriesId>> ids_;
};

// Whether all of it could be read.
Result<bool> write_anew(StoredFile& source, const std::string& to) {
  auto target = BlockFile::open(to, kind_of(source.name().tier));
  if (!target) return pass_on(target);
  auto copied = Joining(source, **target).copy();
  (*target)->close();
  if (!copied && !is_damage(copied.error())) return pass_on(copied);
  return copied && source.problems().empty();
}

}  // namespace

Result<void> join_buckets(const std::string& folder, const HistoryFile& tier_file) {
  const std::string path = folder + "/" + tier_file.name;
  const std::string fresh = path + ".new";
  {
    auto source = StoredFile::open(folder, tier_file);
    const bool is_unreadable =
        !source && (source.error().system_error == ENODATA || is_damage(source.error()));
    if (is_unreadable) return {};  // empty, or repair's affair
    if (!source) return pass_on(source);
    if (!has_repeated_times((*source)->chunks()) || !(*source)->problems().empty()) return {};
    ::unlink(fresh.c_str());
    auto written = write_anew(**source, fresh);
    (*source)->end();
    if (!written || !*written) ::unlink(fresh.c_str());
    if (!written) return pass_on(written);
    if (!*written) return {};
  }
  // A log that a reader keeps in being would be taken for the new file's.
  fold_journal(path);
  if (file_exists(path + "-wal")) {
    ::unlink(fresh.c_str());
    return {};
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fail_errno("cannot put in place", path, errno);
  return {};
}

}  // namespace ullage::history
