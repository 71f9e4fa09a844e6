// SPDX-License-Identifier: Apache-2.0
#include "history/maintenance.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/rewriter.h"
#include "history/series_file.h"
#include "history/sqlite.h"
#include "history/store/block_file.h"
#include "history/store/catch_up.h"
#include "history/store/folder_lock.h"
#include "history/store/history_files.h"
#include "history/store/join_buckets.h"
#include "history/store/stored_file.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::size_t kSlice = 1u << 20;  // samples

std::uint64_t bytes_of(const std::string& path) {
  std::uint64_t bytes = 0;
  for (const char* ending : {"", "-wal"}) {
    struct stat info;
    if (::stat((path + ending).c_str(), &info) == 0) bytes += static_cast<std::uint64_t>(info.st_size);
  }
  return bytes;
}

FileReport describe(const std::string& folder, const HistoryFile& name, bool look_into_blocks) {
  FileReport report{.name = name.name, .tier = name.tier, .bytes = bytes_of(folder + "/" + name.name)};
  auto file = StoredFile::open(folder, name);
  if (!file && file.error().system_error == ENODATA) return report;
  if (!file) {
    report.problems.push_back(file.error().text());
    return report;
  }
  report.series = (*file)->dictionary().size();
  for (const StoredFile::Place& chunk : (*file)->chunks()) {
    if (report.ticks == 0) report.begin_ms = chunk.begin_ms;
    report.ticks += chunk.ticks;
    report.end_ms = std::max(report.end_ms, chunk.end_ms);
  }
  if (look_into_blocks) {
    FileContent& content = report.content.emplace();
    if (auto read = (*file)->check_all(content.blocks, content.samples); !read)
      report.problems.push_back(read.error().text());
  }
  std::ranges::copy((*file)->problems(), std::back_inserter(report.problems));
  return report;
}

Result<HistoryReport> report(const std::string& folder, bool look_into_blocks) {
  auto files = list_history(folder);
  if (!files) return pass_on(files);
  HistoryReport all;
  for (const HistoryFile& file : *files) all.files.push_back(describe(folder, file, look_into_blocks));
  return all;
}

bool is_newer(const std::string& folder, const HistoryFile& file) {
  const auto database = Database::open(folder + "/" + file.name, Database::Access::read);
  if (!database) return false;
  const auto application = database->integer("PRAGMA application_id");
  const auto version = database->integer("PRAGMA user_version");
  return application && version &&
         static_cast<std::uint32_t>(*application) == kind_of(file.tier).application &&
         *version > kHistoryVersion;
}

// Whether samples are there, of which a tier's damaged stretch can be made anew.
bool has_samples(const std::vector<HistoryFile>& files, const Stretch& stretch) {
  return std::ranges::any_of(files, [&](const HistoryFile& file) {
    return file.tier == Tier::raw && file.begin_ms <= stretch.end_ms && file.end_ms > stretch.begin_ms;
  });
}

// Copies what can be read of a damaged file, chunk by chunk, into a new one.
class Salvage {
 public:
  Salvage(StoredFile& source, BlockFile& target, const std::vector<HistoryFile>& files)
      : source_(source), target_(target), files_(files) {}

  Result<void> copy() {
    for (std::size_t id = 0; id < source_.dictionary().size(); ++id)
      target_.add_series(source_.dictionary().key(static_cast<metric::SeriesId>(id)));
    return target_.transact([&]() -> Result<void> {
      std::vector<Stretch> told = source_.told();
      for (const StoredFile::Place& place : source_.chunks())
        if (auto copied = copy_chunk(place, told); !copied) return copied;
      return told.empty() ? Result<void>() : target_.tell(told);
    });
  }

 private:
  Result<void> copy_chunk(const StoredFile::Place& place, std::vector<Stretch>& told) {
    std::vector<Block> blocks;
    auto read = source_.each_block(place, [&](Block block) { blocks.push_back(std::move(block)); });
    if (!read) return read;
    const std::int64_t width = width_ms(source_.name().tier);
    const Stretch stretch{place.begin_ms - std::max<std::int64_t>(0, width - 1), place.end_ms};
    if (blocks.size() < place.parts && width > 0 && has_samples(files_, stretch)) {
      told = without(told, {stretch});
      return {};
    }
    if (blocks.empty()) return {};
    const Chunk chunk{.id = target_.new_chunk_id(),
                      .begin_ms = place.begin_ms,
                      .end_ms = place.end_ms,
                      .ticks = place.ticks};
    for (std::size_t part = 0; part < blocks.size(); ++part)
      if (auto written = target_.store().insert_block(chunk.id, part, blocks[part]); !written) return written;
    return target_.store().insert_chunk(chunk, blocks.size());
  }

  StoredFile& source_;
  BlockFile& target_;
  const std::vector<HistoryFile>& files_;
};

Result<void> salvage(const std::string& folder, const HistoryFile& name,
                     const std::vector<HistoryFile>& files, const std::string& to) {
  auto source = StoredFile::open(folder, name);
  if (!source) return pass_on(source);
  auto target = BlockFile::open(to, kind_of(name.tier));
  if (!target) return pass_on(target);
  auto copied = Salvage(**source, **target, files).copy();
  (*source)->end();
  (*target)->close();
  return copied;
}

Result<void> replace_damaged(const std::string& folder, const HistoryFile& file,
                             const std::vector<HistoryFile>& files, Repaired& repaired) {
  const std::string path = folder + "/" + file.name;
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  auto saved = salvage(folder, file, files, fresh);
  const bool nothing = !saved && is_damage(saved.error());  // not even its tables can be read
  if (!saved && !nothing) return saved;
  fold_journal(path);
  if (::rename(path.c_str(), (path + ".damaged").c_str()) != 0)
    return fail_errno("cannot set aside", path, errno);
  for (const char* ending : {"-wal", "-shm"}) ::unlink((path + ending).c_str());
  repaired.set_aside.push_back(file.name + ".damaged");
  if (nothing) {
    ::unlink(fresh.c_str());
    repaired.lost.push_back(file.name);
    return {};
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fail_errno("cannot put in place", path, errno);
  repaired.rewritten.push_back(file.name);
  return {};
}

}  // namespace

std::uint64_t HistoryReport::bytes() const {
  std::uint64_t bytes = 0;
  for (const FileReport& file : files) bytes += file.bytes;
  return bytes;
}

bool HistoryReport::is_whole() const {
  return std::ranges::all_of(files, [](const FileReport& file) { return file.problems.empty(); });
}

Result<HistoryReport> stat_history(const std::string& folder) { return report(folder, false); }
Result<HistoryReport> check_history(const std::string& folder) { return report(folder, true); }

Result<Repaired> repair_history(const std::string& folder) {
  auto lock = lock_history(folder);
  if (!lock) return pass_on(lock);
  auto files = list_history(folder);
  if (!files) return pass_on(files);
  Repaired repaired;
  for (const HistoryFile& file : *files) {
    if (is_newer(folder, file)) continue;  // nothing is wrong with it
    if (describe(folder, file, true).problems.empty()) continue;
    if (auto replaced = replace_damaged(folder, file, *files, repaired); !replaced) return pass_on(replaced);
  }
  auto made_up = catch_up(folder, CatchUp::all_days);
  if (!made_up) return pass_on(made_up);
  repaired.buckets_made_up = *made_up;
  return repaired;
}

Result<Compacted> compact_history(const std::string& folder) {
  auto lock = lock_history(folder);
  if (!lock) return pass_on(lock);
  if (auto made_up = catch_up(folder, CatchUp::all_days); !made_up) return pass_on(made_up);
  auto files = list_history(folder);
  if (!files) return pass_on(files);
  Compacted compacted;
  for (const HistoryFile& file : *files) {
    const std::string path = folder + "/" + file.name;
    const std::uint64_t before = bytes_of(path);
    if (file.tier != Tier::raw)
      if (auto joined = join_buckets(folder, file); !joined) return pass_on(joined);
    auto opened = BlockFile::open(path, kind_of(file.tier));
    if (!opened && is_damage(opened.error())) continue;  // repair's affair
    if (!opened) return pass_on(opened);
    while (!(*opened)->work(kSlice, Urgency::to_the_end)) continue;
    (*opened)->close();
    ++compacted.files;
    compacted.bytes_before += before;
    compacted.bytes_after += bytes_of(path);
  }
  return compacted;
}

}  // namespace ullage::history
