// SPDX-License-Identifier: Apache-2.0
#include "history/store/stored_file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/open_for_reading.h"
#include "history/series_list.h"
#include "history/sqlite.h"
#include "history/store/block_file.h"
#include "history/store/history_files.h"
#include "history/store/journal_block.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// A bound on how far a damaged row can lead.
constexpr std::int64_t kSeriesMax = 50'000'000;
constexpr std::size_t kBoundsMax = 4096;
// A chunk of the journal has the ticks of one flush, about a second's; all of them together the values that
// the writer has in its head, 262,144 at most, which are 2 MiB.
constexpr std::size_t kJournalTicksMost = 60;
constexpr std::size_t kJournalBytesMax = 3u << 20;

std::vector<std::size_t> parts_from(std::size_t first, std::size_t end) {
  std::vector<std::size_t> parts(end - first);
  std::iota(parts.begin(), parts.end(), first);
  return parts;
}

std::int64_t block_id(const StoredFile::Place& chunk, std::size_t part) {
  return chunk.id << kPartBits | static_cast<std::int64_t>(part);
}

bool is_of_journal(const StoredFile::Place& chunk) {
  return chunk.parts == 1 && chunk.ticks <= kJournalTicksMost;
}

}  // namespace

Result<std::unique_ptr<StoredFile>> StoredFile::open(const std::string& folder, const HistoryFile& name) {
  std::unique_ptr<StoredFile> file(new StoredFile(name));
  file->path_ = folder + "/" + name.name;
  auto opened = open_for_reading(file->path_, file->kind_.application, kHistoryVersion);
  if (!opened) return pass_on(opened);
  file->file_ = std::move(*opened);
  if (!file->file_.problem.empty()) file->problems_.push_back(name.name + ": " + file->file_.problem);
  if (auto begun = file->begin_opened(); !begun) return pass_on(begun);
  return file;
}

Result<void> StoredFile::begin() {
  if (is_begun_) return {};
  if (file_.copies.path().empty()) return load();
  // A copy says nothing of what came since.
  auto again = open_for_reading(path_, kind_.application, kHistoryVersion);
  if (!again) return pass_on(again);
  statements_ = {};
  file_ = std::move(*again);
  data_version_ = -1;
  return begin_opened();
}

// From the transaction that it was opened in to one that a statement holds.
Result<void> StoredFile::begin_opened() {
  for (const auto& [statement, sql] :
       {std::pair{&statements_.version, "PRAGMA data_version"},
        {&statements_.bounds, "SELECT first_series, last_series FROM blocks WHERE id = ?"},
        {&statements_.bytes, "SELECT bytes FROM blocks WHERE id = ?"}}) {
    auto prepared = file_.database.prepare(sql);
    if (!prepared) return pass_on(prepared);
    *statement = std::move(*prepared);
  }
  if (auto loaded = load(); !loaded) return loaded;
  return file_.database.execute("COMMIT");
}

void StoredFile::end() {
  if (!std::exchange(is_begun_, false)) return;
  statements_.bounds.reset();
  statements_.bytes.reset();
  statements_.version.reset();
}

Result<void> StoredFile::load() {
  // The first read takes the snapshot, and this is one; the version is the snapshot's.
  auto row = statements_.version.step();
  if (!row) return pass_on(row);
  is_begun_ = true;
  const std::int64_t version = statements_.version.integer(0);
  if (version == data_version_) return {};
  bounds_.clear();
  view_.reset();
  if (auto loaded = load_series(); !loaded) return loaded;
  if (auto loaded = load_rest(); !loaded) return loaded;
  data_version_ = version;
  return {};
}

// Runs through a table; one that is damaged in the midst gives what comes before.
Result<void> StoredFile::each_row(const char* sql, const std::function<void(const Statement&)>& visit) {
  auto statement = file_.database.prepare(sql);
  if (!statement) return pass_on(statement);
  while (true) {
    auto row = statement->step();
    if (!row && !is_damage(row.error())) return pass_on(row);
    if (!row)
      problems_.push_back(name_.name + ": a table is damaged, and what stood behind the damage is left out");
    if (!row || !*row) return {};
    visit(*statement);
  }
}

Result<void> StoredFile::load_series() {
  const std::string sql = "SELECT first_id, count, bytes FROM series WHERE first_id + count > " +
                          std::to_string(dictionary_.size()) + " ORDER BY first_id";
  return each_row(sql.c_str(), [this](const Statement& row) {
    const std::int64_t first = row.integer(0);
    const std::int64_t count = row.integer(1);
    const auto known = static_cast<std::int64_t>(dictionary_.size());
    if (first < 0 || count < 0 || first > kSeriesMax || count > kSeriesMax) return;
    if (first > known) dictionary_.add_unknown(static_cast<std::size_t>(first - known));
    const auto list = decode_series(row.blob(2));
    if (!list || static_cast<std::int64_t>(list->size()) != count) {
      problems_.push_back(name_.name + ": the names of " + std::to_string(count) + " series cannot be read" +
                          (list ? "" : ": " + list.error().text()));
      const std::int64_t end = first + count;
      if (end > known) dictionary_.add_unknown(static_cast<std::size_t>(end - std::max(first, known)));
      return;
    }
    // Rows are merged now and then: the front of one may be known.
    dictionary_.add(*list, static_cast<std::size_t>(std::max<std::int64_t>(0, known - first)));
  });
}

Result<void> StoredFile::load_rest() {
  chunks_.clear();
  auto listed = each_row("SELECT id, begin_ms, end_ms, ticks, parts FROM chunks ORDER BY begin_ms, id",
                         [this](const Statement& row) {
                           chunks_.push_back({row.integer(0), row.integer(1), row.integer(2),
                                              static_cast<std::size_t>(row.integer(3)),
                                              static_cast<std::size_t>(row.integer(4))});
                         });
  forget_folded_journal();
  if (!listed || kind_.stride == 1) return listed;
  told_.clear();
  return each_row("SELECT begin_ms, end_ms FROM told ORDER BY begin_ms",
                  [this](const Statement& row) { told_.push_back({row.integer(0), row.integer(1)}); });
}

Result<StoredFile::Bounds> StoredFile::bounds(std::int64_t block_id) {
  if (const auto known = bounds_.find(block_id); known != bounds_.end()) return known->second;
  auto row = statements_.bounds.bind(1, block_id).step();
  if (!row) return pass_on(row);
  Bounds bounds{1, 0};  // nothing is in a block that is not there
  if (*row)
    bounds = {static_cast<metric::SeriesId>(statements_.bounds.integer(0)),
              static_cast<metric::SeriesId>(statements_.bounds.integer(1))};
  statements_.bounds.reset();
  if (!*row) return fail(Error{.what = "it is missing", .system_error = EBADMSG});
  if (bounds_.size() >= kBoundsMax) bounds_.clear();
  bounds_.emplace(block_id, bounds);
  return bounds;
}

// The bytes are good until the next call.
Result<std::string_view> StoredFile::bytes_of(std::int64_t block_id) {
  statements_.bytes.reset();
  auto row = statements_.bytes.bind(1, block_id).step();
  if (!row) return pass_on(row);
  if (!*row) return fail(Error{.what = "it is missing", .system_error = EBADMSG});
  return statements_.bytes.blob(0);
}

// The first part from `low` on whose series do not all come before the column. Parts stand in order of
// series.
Result<std::size_t> StoredFile::part_of(const Place& chunk, metric::SeriesId column, std::size_t low) {
  std::size_t high = chunk.parts;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    auto found = bounds(block_id(chunk, middle));
    if (!found) return pass_on(found);
    if (found->last < column)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// Of many wanted ones, all between the first and the last.
Result<std::vector<std::size_t>> StoredFile::parts_with(const Place& chunk, std::span<const Wanted> wanted) {
  if (chunk.parts <= 2) return parts_from(0, chunk.parts);
  if (wanted.size() * 8 >= chunk.parts) {
    auto first = part_of(chunk, wanted.front().id * kind_.stride, 0);
    if (!first) return pass_on(first);
    auto last = part_of(chunk, wanted.back().id * kind_.stride, *first);
    if (!last) return pass_on(last);
    return parts_from(*first, std::min(*last + 1, chunk.parts));
  }
  std::vector<std::size_t> parts;
  for (const Wanted& want : wanted) {
    auto part = part_of(chunk, want.id * kind_.stride, parts.empty() ? 0 : parts.back());
    if (!part) return pass_on(part);
    if (*part < chunk.parts && (parts.empty() || *part != parts.back())) parts.push_back(*part);
  }
  return parts;
}

Result<void> StoredFile::read(std::span<const Wanted> wanted, std::int64_t begin_ms, std::int64_t end_ms,
                              const Visit& visit) {
  if (wanted.empty()) return {};
  for (const Place& chunk : chunks_) {
    if (chunk.begin_ms > end_ms) break;
    if (chunk.end_ms < begin_ms) continue;
    auto parts = parts_with(chunk, wanted);
    if (!parts && is_damage(parts.error())) parts = parts_from(0, chunk.parts);  // any may have them
    if (!parts) return pass_on(parts);
    for (const std::size_t part : *parts) {
      const std::int64_t id = block_id(chunk, part);
      if (const JournalBlock* block = of_journal(chunk); block != nullptr) {
        visit_block(id, *block, wanted, visit);
        continue;
      }
      auto view = view_of(chunk, part);
      if (!view) return pass_on(view);
      if (*view == nullptr) continue;
      visit_block(id, **view, wanted, visit);
      unpack_journal(chunk, **view);
    }
  }
  return {};
}

Result<const BlockView*> StoredFile::view_of(const Place& chunk, std::size_t part) {
  const std::int64_t id = block_id(chunk, part);
  if (view_ && view_id_ == id) return &*view_;
  if (damaged_.contains(id)) return nullptr;
  auto bytes = bytes_of(id);
  if (!bytes && !is_damage(bytes.error())) return pass_on(bytes);
  auto view = bytes ? BlockView::open(*bytes) : Result<BlockView>(fail(bytes.error()));
  statements_.bytes.reset();
  if (!view) {
    report(id, view.error());
    return nullptr;
  }
  view_id_ = id;
  return &view_.emplace(std::move(*view));
}

const JournalBlock* StoredFile::of_journal(const Place& chunk) {
  if (!is_of_journal(chunk)) return nullptr;
  const auto known = journal_.find(chunk.id);
  return known != journal_.end() && known->second.block ? &*known->second.block : nullptr;
}

void StoredFile::unpack_journal(const Place& chunk, const BlockView& view) {
  if (!is_of_journal(chunk) || journal_bytes_ > kJournalBytesMax) return;
  const auto [known, is_first] = journal_.try_emplace(chunk.id, OfJournal{chunk, {}});
  if (is_first) return;
  auto block = JournalBlock::unpack(view, journal_series_);
  if (!block) return;  // its columns are told of one by one
  journal_bytes_ += block->memory_bytes();
  known->second.block.emplace(std::move(*block));
}

// Numbers of chunks that are gone may come again.
void StoredFile::forget_folded_journal() {
  const auto place_in_order = [](const Place& place) { return std::pair(place.begin_ms, place.id); };
  std::erase_if(journal_, [&](const auto& known) {
    const auto& [place, block] = known.second;
    const auto found = std::ranges::lower_bound(chunks_, place_in_order(place), {}, place_in_order);
    if (found != chunks_.end() && *found == place) return false;
    if (block) journal_bytes_ -= block->memory_bytes();
    return true;
  });
}

template <class View>
void StoredFile::visit_block(std::int64_t id, const View& view, std::span<const Wanted> wanted,
                             const Visit& visit) {
  const std::vector<metric::SeriesId>& columns = view.series();
  if (columns.empty()) return;
  const metric::SeriesId stride = kind_.stride;
  auto want = std::ranges::lower_bound(wanted, columns.front() / stride, {}, &Wanted::id);
  std::size_t at = 0;
  columns_.resize(stride);
  for (; want != wanted.end() && want->id <= columns.back() / stride; ++want) {
    const auto found =
        std::lower_bound(columns.begin() + static_cast<std::ptrdiff_t>(at), columns.end(), want->id * stride);
    at = static_cast<std::size_t>(found - columns.begin());
    if (found == columns.end() || *found != want->id * stride) continue;
    if (at + stride > columns.size() || columns[at + stride - 1] != want->id * stride + stride - 1) {
      report(id, Error{.what = "a series' columns do not stand together"});
      return;
    }
    for (std::size_t column = 0; column < stride; ++column)
      if (auto read = view.read_column(at + column, columns_[column]); !read) return report(id, read.error());
    visit(want->index, view.times_ms(), columns_);
  }
}

void StoredFile::report(std::int64_t id, const Error& error) {
  if (!damaged_.insert(id).second) return;
  problems_.push_back(name_.name + ": block " + std::to_string(id & ((1 << kPartBits) - 1)) + " of stretch " +
                      std::to_string(id >> kPartBits) + " is left out: " + error.text());
}

Result<void> StoredFile::each_block(const Place& chunk, const std::function<void(Block)>& visit) {
  for (std::size_t part = 0; part < chunk.parts; ++part) {
    auto view = view_of(chunk, part);
    if (!view) return pass_on(view);
    if (*view == nullptr) continue;
    Block block{(*view)->times_ms(), (*view)->series(), {}};
    Result<void> read;
    for (std::size_t column = 0; column < block.series.size() && read; ++column)
      read = (*view)->read_column(column, block.columns.emplace_back());
    if (read)
      visit(std::move(block));
    else
      report(block_id(chunk, part), read.error());
  }
  return {};
}

Result<std::vector<std::int64_t>> StoredFile::times_ms(const Place& chunk) {
  auto view = view_of(chunk, 0);
  if (!view) return pass_on(view);
  if (*view == nullptr) return fail(Error{.what = "a block is damaged", .system_error = EBADMSG});
  return (*view)->times_ms();
}

Result<void> StoredFile::check_all(std::uint64_t& blocks, std::uint64_t& samples) {
  for (const Place& chunk : chunks_) {
    blocks += chunk.parts;
    auto each = each_block(chunk, [&](const Block& block) {
      for (const std::vector<double>& column : block.columns)
        samples += column.size() - static_cast<std::size_t>(std::ranges::count_if(column, is_absent));
    });
    if (!each) return each;
  }
  return {};
}

}  // namespace ullage::history
