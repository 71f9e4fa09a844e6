// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/open_for_reading.h"
#include "history/series_file.h"
#include "history/series_list.h"
#include "history/sqlite.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// Holds the blocks of 64 neighbouring series, so that reading these one after another unpacks each once.
constexpr std::size_t kCacheBytesMax = 8u << 20;

struct BlockPlace {
  std::int64_t id;
  metric::SeriesId first_series;
  metric::SeriesId last_series;
};

struct ChunkPlace {
  std::int64_t id;
  std::int64_t begin_ms;
  std::int64_t end_ms;
  std::int64_t ticks;
  std::size_t parts;
  std::vector<BlockPlace> blocks;
};

}  // namespace

struct SeriesReader::Impl {
  ReadableDatabase file;
  std::string path;
  std::vector<metric::SeriesKey> series;
  std::vector<ChunkPlace> chunks;  // in order of time
  Statement select_block;
  std::vector<std::string> problems;
  std::set<std::int64_t> damaged;  // blocks
  std::map<std::int64_t, std::shared_ptr<const BlockView>> cache;
  std::vector<std::int64_t> cached_in_order;
  std::size_t cache_bytes = 0;

  // Runs through a table; one that is damaged in the midst gives what comes before.
  Result<void> each_row(const char* sql, const std::function<void(const Statement&)>& visit) {
    auto statement = file.database.prepare(sql);
    if (!statement) return pass_on(statement);
    while (true) {
      auto row = statement->step();
      if (!row && !is_damage(row.error())) return pass_on(row);
      if (!row) problems.push_back("a table is damaged, and what stood behind the damage is left out");
      if (!row || !*row) return {};
      visit(*statement);
    }
  }

  Result<void> load_series() {
    return each_row(
        "SELECT first_id, count, bytes FROM series ORDER BY first_id", [this](const Statement& row) {
          const std::int64_t first = row.integer(0);
          auto list = decode_series(row.blob(2));
          if (list && static_cast<std::int64_t>(list->size()) == row.integer(1) &&
              first == static_cast<std::int64_t>(series.size())) {
            for (std::size_t i = 0; i < list->size(); ++i) series.push_back(list->key(i));
            return;
          }
          problems.push_back("the names of the series from " + std::to_string(first) + " on cannot be read" +
                             (list ? "" : ": " + list.error().text()));
          // The others keep their ids; a bound on how far a damaged row can lead.
          constexpr std::int64_t kSeriesMax = 10'000'000;
          const std::int64_t end = first + row.integer(1);
          if (first >= static_cast<std::int64_t>(series.size()) && end > first && end < kSeriesMax)
            series.resize(static_cast<std::size_t>(end));
        });
  }

  Result<void> load_places() {
    std::map<std::int64_t, std::size_t> index;
    auto listed = each_row("SELECT id, begin_ms, end_ms, ticks, parts FROM chunks ORDER BY begin_ms, id",
                           [&](const Statement& row) {
                             index[row.integer(0)] = chunks.size();
                             chunks.push_back({row.integer(0),
                                               row.integer(1),
                                               row.integer(2),
                                               row.integer(3),
                                               static_cast<std::size_t>(row.integer(4)),
                                               {}});
                           });
    if (!listed) return listed;
    auto placed =
        each_row("SELECT id, first_series, last_series FROM blocks ORDER BY id", [&](const Statement& row) {
          const auto chunk = index.find(row.integer(0) >> kPartBits);
          if (chunk == index.end()) return;  // under construction when the writer ended
          chunks[chunk->second].blocks.push_back({row.integer(0),
                                                  static_cast<metric::SeriesId>(row.integer(1)),
                                                  static_cast<metric::SeriesId>(row.integer(2))});
        });
    if (!placed) return placed;
    for (const ChunkPlace& chunk : chunks)
      if (chunk.blocks.size() < chunk.parts)
        problems.push_back(std::to_string(chunk.parts - chunk.blocks.size()) + " of " +
                           std::to_string(chunk.parts) + " blocks of a stretch of time are missing");
    return {};
  }

  // Null for a damaged one, which is told once.
  Result<std::shared_ptr<const BlockView>> block(std::int64_t id) {
    if (const auto found = cache.find(id); found != cache.end()) return found->second;
    if (damaged.contains(id)) return std::shared_ptr<const BlockView>();
    if (!select_block.is_prepared()) {
      auto prepared = file.database.prepare("SELECT bytes FROM blocks WHERE id = ?");
      if (!prepared) return pass_on(prepared);
      select_block = std::move(*prepared);
    }
    auto row = select_block.bind(1, id).step();
    if (!row && !is_damage(row.error())) return pass_on(row);
    auto view =
        row && *row ? BlockView::open(select_block.blob(0)) : fail("the file is damaged or cut off there");
    select_block.reset();
    if (!view) {
      report(id, view.error());
      return std::shared_ptr<const BlockView>();
    }
    return remember(id, std::make_shared<const BlockView>(std::move(*view)));
  }

  void report(std::int64_t id, const Error& error) {
    if (!damaged.insert(id).second) return;
    problems.push_back("block " + std::to_string(id & ((1 << kPartBits) - 1)) + " of stretch " +
                       std::to_string(id >> kPartBits) + " is left out: " + error.text());
  }

  std::shared_ptr<const BlockView> remember(std::int64_t id, std::shared_ptr<const BlockView> view) {
    cache_bytes += view->memory_bytes();
    while (cache_bytes > kCacheBytesMax && !cached_in_order.empty()) {
      const auto oldest = cache.find(cached_in_order.front());
      cache_bytes -= oldest->second->memory_bytes();
      cache.erase(oldest);
      cached_in_order.erase(cached_in_order.begin());
    }
    cached_in_order.push_back(id);
    cache[id] = view;
    return view;
  }

  Result<void> append_samples(std::int64_t block_id, metric::SeriesId wanted, std::vector<Sample>& samples) {
    auto view = block(block_id);
    if (!view) return pass_on(view);
    if (*view == nullptr) return {};
    const std::vector<metric::SeriesId>& ids = (*view)->series();
    const auto found = std::ranges::lower_bound(ids, wanted);
    if (found == ids.end() || *found != wanted) return {};
    std::vector<double> values;
    if (auto read = (*view)->read_column(static_cast<std::size_t>(found - ids.begin()), values); !read) {
      report(block_id, read.error());
      return {};
    }
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!is_absent(values[i])) samples.push_back({(*view)->times_ms()[i], values[i]});
    return {};
  }

  // All ticks of one chunk, from those of its blocks that can be read.
  Result<void> collect_ticks(const ChunkPlace& chunk, std::vector<metric::Tick>& ticks) {
    ticks.clear();
    std::vector<double> values;
    for (const BlockPlace& place : chunk.blocks) {
      auto view = block(place.id);
      if (!view) return pass_on(view);
      if (*view == nullptr) continue;
      const std::vector<std::int64_t>& times = (*view)->times_ms();
      if (ticks.empty()) {
        ticks.resize(times.size());
        for (std::size_t i = 0; i < times.size(); ++i) ticks[i].time_ms = times[i];
      }
      for (std::size_t column = 0; column < (*view)->series().size(); ++column) {
        const auto read = times.size() == ticks.size() ? (*view)->read_column(column, values)
                                                       : fail("its ticks are not those of its neighbours");
        if (!read) {
          report(place.id, read.error());
          break;
        }
        for (std::size_t i = 0; i < values.size(); ++i)
          if (!is_absent(values[i])) ticks[i].add((*view)->series()[column], values[i]);
      }
    }
    return {};
  }
};

SeriesReader::SeriesReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SeriesReader::SeriesReader(SeriesReader&&) noexcept = default;
SeriesReader& SeriesReader::operator=(SeriesReader&&) noexcept = default;
SeriesReader::~SeriesReader() = default;

Result<SeriesReader> SeriesReader::open(const std::string& path, std::uint32_t application,
                                        int newest_version) {
  auto file = open_for_reading(path, application, newest_version);
  if (!file) return pass_on(file);
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->file = std::move(*file);
  if (!impl->file.problem.empty()) impl->problems.push_back(impl->file.problem);
  if (auto loaded = impl->load_series(); !loaded) return pass_on(loaded);
  if (auto loaded = impl->load_places(); !loaded) return pass_on(loaded);
  return SeriesReader(std::move(impl));
}

const std::vector<metric::SeriesKey>& SeriesReader::series() const { return impl_->series; }

Result<std::vector<Sample>> SeriesReader::samples(metric::SeriesId wanted) const {
  return samples(wanted, INT64_MIN, INT64_MAX);
}

Result<std::vector<Sample>> SeriesReader::samples(metric::SeriesId wanted, std::int64_t begin_ms,
                                                  std::int64_t end_ms) const {
  std::vector<Sample> samples;
  for (const ChunkPlace& chunk : impl_->chunks) {
    if (chunk.end_ms <= begin_ms || chunk.begin_ms > end_ms) continue;
    for (const BlockPlace& place : chunk.blocks) {
      if (wanted < place.first_series || wanted > place.last_series) continue;
      if (auto read = impl_->append_samples(place.id, wanted, samples); !read) return pass_on(read);
    }
  }
  return samples;
}

SeriesReader::Extent SeriesReader::extent() const {
  Extent extent;
  const auto consider = [&](std::int64_t distance) {
    if (distance > 0 && (extent.tick_ms == 0 || distance < extent.tick_ms)) extent.tick_ms = distance;
  };
  for (std::size_t i = 0; i < impl_->chunks.size(); ++i) {
    const ChunkPlace& chunk = impl_->chunks[i];
    if (i > 0) consider(chunk.begin_ms - extent.end_ms);
    if (chunk.ticks > 1) consider((chunk.end_ms - chunk.begin_ms) / (chunk.ticks - 1));
    if (i == 0) extent.begin_ms = chunk.begin_ms;
    extent.end_ms = std::max(extent.end_ms, chunk.end_ms);
  }
  return extent;
}

Result<void> SeriesReader::each_tick(const std::function<void(const metric::Tick&)>& visit) const {
  std::vector<metric::Tick> ticks;
  for (const ChunkPlace& chunk : impl_->chunks) {
    if (auto collected = impl_->collect_ticks(chunk, ticks); !collected) return collected;
    for (const metric::Tick& tick : ticks) visit(tick);
  }
  return {};
}

std::vector<std::string> SeriesReader::problems() const { return impl_->problems; }

sqlite3* SeriesReader::database() const { return impl_->file.database.handle(); }

}  // namespace ullage::history
