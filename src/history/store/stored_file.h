// SPDX-License-Identifier: Apache-2.0
// One file of a history being read, beside its writer if it has one. What is asked between begin() and end()
// is answered of one moment; outside, nothing is held that would keep the writer from folding in its log.
// Damaged blocks are left out and told. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/open_for_reading.h"
#include "history/sqlite.h"
#include "history/store/block_file.h"
#include "history/store/dictionary.h"
#include "history/store/history_files.h"
#include "history/store/journal_block.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

class StoredFile {
 public:
  static Result<std::unique_ptr<StoredFile>> open(const std::string& folder, const HistoryFile& file);

  Result<void> begin();
  void end();

  const HistoryFile& name() const { return name_; }
  const Dictionary& dictionary() const { return dictionary_; }
  const std::vector<Stretch>& told() const { return told_; }  // of a tier: what its buckets tell of
  struct Place {
    std::int64_t id;
    std::int64_t begin_ms;
    std::int64_t end_ms;
    std::size_t ticks;
    std::size_t parts;
    bool operator==(const Place&) const = default;
  };
  const std::vector<Place>& chunks() const { return chunks_; }

  struct Wanted {
    metric::SeriesId id;
    std::size_t index;  // the caller's
  };
  // Of each wanted series (in order of id) what the chunks hold that reach into [begin, end], in order of
  // time: ticks, and its columns, one or five. Of a chunk all is given, absent values too.
  using Visit = std::function<void(std::size_t index, std::span<const std::int64_t> times_ms,
                                   std::span<const std::vector<double>> columns)>;
  Result<void> read(std::span<const Wanted> wanted, std::int64_t begin_ms, std::int64_t end_ms,
                    const Visit& visit);
  Result<std::vector<std::int64_t>> times_ms(const Place& chunk);  // an error where it is damaged
  // Looks at every block. Says what is damaged in problems().
  Result<void> check_all(std::uint64_t& blocks, std::uint64_t& samples);
  // The blocks of a chunk that can be read.
  Result<void> each_block(const Place& chunk, const std::function<void(Block)>& visit);
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Bounds {
    metric::SeriesId first, last;  // columns
  };
  explicit StoredFile(const HistoryFile& name) : name_(name), kind_(kind_of(name.tier)) {}
  Result<void> load();
  Result<void> load_series();
  Result<void> load_rest();
  Result<void> each_row(const char* sql, const std::function<void(const Statement&)>& visit);
  Result<std::size_t> part_of(const Place& chunk, metric::SeriesId column, std::size_t low);
  Result<std::vector<std::size_t>> parts_with(const Place& chunk, std::span<const Wanted> wanted);
  Result<Bounds> bounds(std::int64_t block_id);
  Result<std::string_view> bytes_of(std::int64_t block_id);
  // Null for a damaged one, which is told.
  Result<const BlockView*> view_of(const Place& chunk, std::size_t part);
  const JournalBlock* of_journal(const Place& chunk);  // null: it is not unpacked
  void unpack_journal(const Place& chunk, const BlockView& view);
  void forget_folded_journal();
  template <class View>  // a BlockView or a JournalBlock
  void visit_block(std::int64_t id, const View& view, std::span<const Wanted> wanted, const Visit& visit);
  void report(std::int64_t block_id, const Error& error);
  Result<void> begin_opened();

  HistoryFile name_;
  FileKind kind_;
  std::string path_;
  ReadableDatabase file_;
  // Prepared once: few series are found in less time than SQLite takes to parse. SQLite keeps to one moment
  // as long as a statement is in the midst of its rows: the version's is, from begin() to end().
  struct Statements {
    Statement version, bounds, bytes;
  };
  Statements statements_;
  std::unordered_map<std::int64_t, Bounds> bounds_;  // by block, of some that were asked for
  Dictionary dictionary_;
  // The block that was read last: groups of series meet in one, and the same series may be asked for again.
  std::optional<BlockView> view_;
  std::int64_t view_id_ = -1;
  // What was read of the journal, by chunk; unpacked when it was read a second time, as most readers ask
  // once.
  struct OfJournal {
    Place place;
    std::optional<JournalBlock> block;
  };
  std::unordered_map<std::int64_t, OfJournal> journal_;
  JournalBlock::Series journal_series_;  // of the block that was unpacked last
  std::size_t journal_bytes_ = 0;
  std::vector<Place> chunks_;  // in order of time
  std::vector<Stretch> told_;
  std::int64_t data_version_ = -1;
  std::vector<std::string> problems_;
  std::set<std::int64_t> damaged_;
  std::vector<std::vector<double>> columns_;
  bool is_begun_ = false;
};

}  // namespace ullage::history
