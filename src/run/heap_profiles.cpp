// SPDX-License-Identifier: Apache-2.0
#include "run/heap_profiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "heap/interpret/heap_file.h"
#include "heap/interpret/interpret.h"
#include "heap/interpret/profile_codec.h"
#include "heap/interpret/symbols.h"
#include "heap/profile.h"
#include "history/open_for_reading.h"
#include "history/sqlite.h"
#include "run/run_file.h"
#include "run/run_lock.h"

namespace ullage::run {

namespace {

using history::Database;

constexpr std::string_view kRunEnding = ".ullage";
constexpr std::string_view kHeapEnding = ".heap";
constexpr const char* kTable =
    "CREATE TABLE IF NOT EXISTS heap(id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, profile BLOB NOT NULL)";
constexpr const char* kHasTable = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'heap'";

bool is_folder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(std::filesystem::symlink_status(path, error));
}

std::vector<std::string> heap_files(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error); !error && entry != end(entry);
       entry.increment(error))
    if (entry->path().extension() == kHeapEnding) paths.push_back(entry->path().string());
  std::ranges::sort(paths);
  return paths;
}

// Of a file that cannot be read: whose it was, and why.
heap::Profile unreadable(const std::string& path, const Error& error) {
  heap::Profile profile;
  const std::string name = std::filesystem::path(path).stem().string();
  profile.pid =
      static_cast<std::uint32_t>(to_unsigned(std::string_view(name).substr(0, name.find('-'))).value_or(0));
  profile.problems.push_back(error.text());
  return profile;
}

enum class Newer { refuse, tell };

// Calls keep(Profile) for each process. One at a time: a run may have had thousands.
template <class Keep>
Result<void> interpret_all(const std::string& folder, Newer newer, const Keep& keep) {
  heap::Symbols symbols;
  for (const std::string& path : heap_files(folder)) {
    auto profile = heap::interpret(path, symbols);
    const int reason = profile ? 0 : profile.error().system_error;
    if (reason == ENODATA || reason == ENOENT) continue;  // it had not begun; another reader has folded it
    if (reason == heap::kNewerFormat && newer == Newer::refuse) return pass_on(profile);
    keep(profile ? std::move(*profile) : unreadable(path, profile.error()));
  }
  return {};
}

struct Packed {
  std::int64_t pid = 0;
  std::string bytes;
};

enum class IfStored { replace, keep };

Result<void> store_all(Database& database, std::span<const Packed> profiles) {
  auto insert = database.prepare("INSERT INTO heap(pid, profile) VALUES(?, ?)");
  if (!insert) return pass_on(insert);
  for (const Packed& packed : profiles)
    if (auto done = insert->bind(1, packed.pid).bind_blob(2, packed.bytes).run(); !done) return done;
  return {};
}

Result<void> store_once(Database& database, std::span<const Packed> profiles, IfStored if_stored) {
  auto stored = database.integer(kHasTable);
  if (!stored) return pass_on(stored);
  if (*stored != 0 && if_stored == IfStored::keep) return {};
  if (auto made = database.execute(std::string(kTable) + "; DELETE FROM heap"); !made) return made;
  return store_all(database, profiles);
}

Result<void> store(const std::string& run_path, std::span<const Packed> profiles, IfStored if_stored) {
  // Says what is wrong with a file that is no run's, or a newer one's, before anything is written to it.
  if (auto readable = history::open_for_reading(run_path, kRunFileApplication, kRunFileVersion); !readable)
    return pass_on(readable);
  auto database = Database::open(run_path, Database::Access::write);
  if (!database) return pass_on(database);
  if (auto begun = database->execute("PRAGMA busy_timeout=10000; BEGIN IMMEDIATE"); !begun) return begun;
  auto done = store_once(*database, profiles, if_stored);
  if (auto ended = database->execute(done ? "COMMIT" : "ROLLBACK"); !ended && done) return ended;
  return done;
}

Result<void> refuse_living(const std::string& run_path) {
  if (!is_alive(run_path)) return {};
  return fail("the run is alive", run_path, "its profiles are stored when it has ended");
}

Result<std::vector<heap::Profile>> load_stored(const std::string& run_path) {
  std::vector<heap::Profile> profiles;
  auto file = history::open_for_reading(run_path, kRunFileApplication, kRunFileVersion);
  if (!file) return pass_on(file);
  if (file->database.integer(kHasTable).value_or(0) == 0) return profiles;
  auto select = file->database.prepare("SELECT pid, profile FROM heap ORDER BY id");
  if (!select) return pass_on(select);
  while (true) {
    auto row = select->step();
    if (!row) return pass_on(row);
    if (!*row) return profiles;
    auto profile = heap::decode_profile(select->blob(1));
    if (profile) {
      profiles.push_back(std::move(*profile));
      continue;
    }
    profiles.emplace_back();
    profiles.back().pid = static_cast<std::uint32_t>(select->integer(0));
    profiles.back().problems.push_back("its heap profile: " + profile.error().text());
  }
}

}  // namespace

std::string heap_folder(const std::string& run_path) {
  std::string folder = run_path;
  if (folder.ends_with(kRunEnding)) folder.resize(folder.size() - kRunEnding.size());
  return folder.append(kHeapEnding);
}

std::vector<std::string> living_heap_files(const std::string& run_path) {
  return heap_files(heap_folder(run_path));
}

bool has_heap(const std::string& run_path) {
  if (is_folder(heap_folder(run_path))) return true;
  auto file = history::open_for_reading(run_path, kRunFileApplication, kRunFileVersion);
  return file && file->database.integer(kHasTable).value_or(0) != 0;
}

Result<std::vector<heap::Profile>> load_heap(const std::string& run_path) {
  const std::string folder = heap_folder(run_path);
  Result<std::vector<heap::Profile>> profiles;
  if (is_folder(folder) && !fold_heap(run_path))
    (void)interpret_all(folder, Newer::tell,
                        [&](heap::Profile&& profile) { profiles->push_back(std::move(profile)); });
  else
    profiles = load_stored(run_path);
  if (!profiles) return profiles;
  std::ranges::sort(*profiles, {},
                    [](const heap::Profile& profile) { return std::tuple(profile.started_ms, profile.pid); });
  return profiles;
}

Result<void> save_heap(const std::string& run_path, std::span<const heap::Profile> profiles) {
  if (auto ended = refuse_living(run_path); !ended) return ended;
  std::vector<Packed> packed;
  for (const heap::Profile& profile : profiles)
    packed.push_back({profile.pid, heap::encode_profile(profile)});
  return store(run_path, packed, IfStored::replace);
}

Result<FoldedHeap> fold_heap(const std::string& run_path) {
  const std::string folder = heap_folder(run_path);
  if (!is_folder(folder)) return {};
  if (auto ended = refuse_living(run_path); !ended) return pass_on(ended);
  FoldedHeap folded;
  std::vector<Packed> packed;
  auto read = interpret_all(folder, Newer::refuse, [&](const heap::Profile& profile) {
    packed.push_back({profile.pid, heap::encode_profile(profile)});
    for (const std::string& problem : profile.problems) folded.problems.push_back({profile.pid, problem});
  });
  if (!read) return pass_on(read);
  if (auto stored = store(run_path, packed, IfStored::keep); !stored) return pass_on(stored);
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) return fail_errno("cannot remove", folder, error.value());
  return folded;
}

}  // namespace ullage::run
