// SPDX-License-Identifier: Apache-2.0
#include "run/catalog.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "run/run_file.h"
#include "run/run_lock.h"

namespace ullage::run {

namespace {

constexpr std::string_view kEnding = ".ullage";
constexpr std::int64_t kCollectEveryMs = 3'600'000;
// Without l and o, which look like digits.
constexpr std::string_view kIdLetters = "0123456789abcdefghijkmnpqrstuvwxyz";
constexpr std::string_view kDigits = kIdLetters.substr(0, 10);

struct Found {
  std::string id;
  std::string path;
};

Result<std::vector<Found>> find_files(const std::string& state_directory) {
  const std::string folder = state_directory + "/runs";
  auto ids = run_ids(folder);
  if (!ids) return pass_on(ids);
  std::vector<Found> files;
  for (std::string& id : *ids) {
    std::string path = folder + "/" + id + std::string(kEnding);
    files.push_back({std::move(id), std::move(path)});
  }
  return files;
}

std::uint64_t size_of(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

// What belongs to a run beside its file: SQLite's log, if it was killed, and the heap profiler's folder.
std::uint64_t size_of_all(const Found& run) {
  std::uint64_t bytes = size_of(run.path) + size_of(run.path + "-wal");
  std::error_code error;
  const std::string heap = run.path.substr(0, run.path.size() - kEnding.size()) + ".heap";
  for (auto entry = std::filesystem::recursive_directory_iterator(heap, error); !error && entry != end(entry);
       entry.increment(error))
    bytes += size_of(entry->path().string());
  return bytes;
}

Result<std::string> nth_newest(const std::vector<Found>& files, const std::string& wanted) {
  const auto number = to_unsigned(std::string_view(wanted).substr(1));
  if (!number || *number == 0) return fail("not a run", wanted, "@1 is the last run, @2 the one before");
  if (files.empty()) return fail("there are no runs yet", wanted);
  if (*number > files.size())
    return fail("there are only " + std::to_string(files.size()) + " runs", wanted,
                "'ullage runs list' shows them");
  return files[*number - 1].path;
}

// Empty when there is none.
Result<std::string> by_prefix(const std::vector<Found>& files, const std::string& wanted) {
  std::vector<const Found*> matching;
  for (const Found& file : files)
    if (file.id.starts_with(wanted)) matching.push_back(&file);
  if (matching.size() == 1) return matching.front()->path;
  if (matching.empty()) return std::string();
  std::string some;
  for (std::size_t i = 0; i < std::min<std::size_t>(matching.size(), 3); ++i)
    some += (i == 0 ? "" : ", ") + matching[i]->id;
  return fail(std::to_string(matching.size()) + " runs begin with this", wanted,
              "more of the id tells them apart: " + some + (matching.size() > 3 ? " …" : ""));
}

// The newest of that name, or empty; `names` gets those it passed.
std::string by_name(const std::vector<Found>& files, const std::string& wanted,
                    std::set<std::string>& names) {
  for (const Found& file : files) {
    const auto record = load_record(file.path);
    if (!record) continue;
    if (record->name == wanted) return file.path;
    if (!record->name.empty()) names.insert(record->name);
  }
  return {};
}

// With what came close.
Error unknown_run(const std::vector<Found>& files, const std::string& wanted,
                  const std::set<std::string>& names) {
  std::vector<std::string_view> known(names.begin(), names.end());
  for (const Found& file : files) known.push_back(file.id);
  std::string hint = did_you_mean(wanted, known);
  if (hint.empty()) hint = files.empty() ? "there are no runs yet" : "'ullage runs list' shows what there is";
  return {.what = "no run of this id or name", .where = wanted, .hint = hint};
}

bool reads_as_id(std::string_view text) {
  constexpr std::string_view kForm = "########-######-*****";
  return std::ranges::equal(text, kForm, [](char c, char form) {
    if (form == '-') return c == '-';
    return (form == '#' ? kDigits : kIdLetters).find(c) != std::string_view::npos;
  });
}

// As in /tmp, where a stranger may have made the folder that we are about to use.
bool all_may_write_beside(const std::string& folder) {
  struct stat info;
  // Not "folder/..": of a link that is another place.
  return ::stat(std::filesystem::absolute(folder).parent_path().c_str(), &info) == 0 &&
         (info.st_mode & S_IWOTH) != 0;
}

}  // namespace

Result<std::string> runs_folder(const std::string& state_directory) {
  std::string folder = state_directory + "/runs";
  if (auto made = make_folders(folder); !made) return pass_on(made);
  if (all_may_write_beside(state_directory) && !is_own_folder(state_directory, 022))
    return fail("it belongs to somebody else or is open to others, in a folder that all may write to",
                state_directory, "name another with --state");
  return folder;
}

Result<std::vector<std::string>> run_ids(const std::string& runs_folder) {
  std::vector<std::string> ids;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(runs_folder, error); !error && entry != end(entry);
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(kEnding)) ids.push_back(name.substr(0, name.size() - kEnding.size()));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail_errno("cannot list", runs_folder, error.value());
  std::ranges::sort(ids, std::ranges::greater{});
  return ids;
}

std::string new_run_id(std::int64_t now_ms, std::uint64_t random) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds{now_ms}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time - day)};
  std::array<char, 64> text;
  const int size =
      std::snprintf(text.data(), text.size(), "%04d%02u%02u-%02d%02d%02d-", int{date.year()},
                    unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(clock.hours().count()),
                    static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  std::string id(text.data(), static_cast<std::size_t>(size));
  const auto add = [&](std::uint64_t number) { id += kIdLetters[number % kIdLetters.size()]; };
  // Two that start in one second are told apart by time too: @1 is the later.
  const auto milliseconds_of_second = static_cast<std::uint64_t>((time - floor<seconds>(time)).count());
  add(milliseconds_of_second / kIdLetters.size());
  add(milliseconds_of_second);
  for (int i = 0; i < 3; ++i, random /= kIdLetters.size()) add(random);
  return id;
}

Result<void> check_run_name(const std::string& name) {
  if (name.starts_with('@'))
    return fail("'" + printable(name) + "' cannot name a run", "--name",
                "'@' counts runs from the last, as in 'ullage show @1': begin with something else");
  if (!reads_as_id(name)) return {};
  return fail("'" + printable(name) + "' cannot name a run", "--name",
              "it reads as the id of another: put a word before it");
}

Result<std::vector<CatalogEntry>> list_runs(const std::string& state_directory) {
  auto files = find_files(state_directory);
  if (!files) return pass_on(files);
  std::vector<CatalogEntry> entries;
  for (const Found& file : *files) {
    CatalogEntry& entry = entries.emplace_back();
    entry.path = file.path;
    entry.size_bytes = size_of_all(file);
    if (auto record = load_record(file.path)) {
      entry.record = std::move(*record);
    } else {
      entry.record.id = file.id;
      entry.problem = record.error().text();
    }
  }
  return entries;
}

Result<std::string> find_run(const std::string& state_directory, const std::string& wanted) {
  if (wanted.empty()) return fail("no run was named", "", "an id, a name, a path, or @1 for the last one");
  auto files = find_files(state_directory);
  if (!files) return pass_on(files);
  if (wanted.front() == '@') return nth_newest(*files, wanted);
  const bool is_path = wanted.find('/') != std::string::npos;
  if ((is_path || wanted.ends_with(kEnding)) && file_exists(wanted)) return wanted;
  const std::string id =
      wanted.ends_with(kEnding) ? wanted.substr(0, wanted.size() - kEnding.size()) : wanted;
  if (const auto exact = std::ranges::find(*files, id, &Found::id); exact != files->end()) return exact->path;
  // Before the beginnings of ids, which a name like 2026 is one of.
  std::set<std::string> names;
  if (std::string named = by_name(*files, wanted, names); !named.empty()) return named;
  auto found = by_prefix(*files, id);
  if (!found || !found->empty()) return found;
  if (is_path || wanted.ends_with(kEnding)) return fail("there is no such file", wanted);
  return fail(unknown_run(*files, wanted, names));
}

void remove_run(const std::string& path) {
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) ::unlink((path + ending).c_str());
  std::error_code ignored;
  std::filesystem::remove_all(path.substr(0, path.size() - kEnding.size()) + ".heap", ignored);
}

Result<GcResult> collect_garbage(const std::string& state_directory, const GcPolicy& policy, bool dry_run) {
  auto files = find_files(state_directory);
  if (!files) return pass_on(files);
  GcResult result;
  std::uint64_t kept = 0;
  std::uint64_t kept_bytes = 0;
  for (const Found& file : *files) {
    const std::uint64_t bytes = size_of_all(file);
    // What is too much counts on, so that nothing older than the first to go stays. The newest stays always.
    const bool fits = kept < policy.keep_runs && (kept == 0 || kept_bytes + bytes <= policy.keep_bytes);
    kept_bytes += bytes;
    if (fits || is_alive(file.path)) {
      ++kept;
      continue;
    }
    if (!dry_run) remove_run(file.path);
    result.removed.push_back(file.id);
    result.freed_bytes += bytes;
  }
  std::ranges::reverse(result.removed);  // the oldest first
  return result;
}

void collect_garbage_when_due(const std::string& state_directory, const GcPolicy& policy,
                              std::int64_t now_ms) {
  const std::string stamp = state_directory + "/runs/.collected";
  const auto last = read_file(stamp);
  const std::int64_t last_ms = last ? to_signed(trim(*last)).value_or(0) : 0;
  if (now_ms >= last_ms && now_ms - last_ms < kCollectEveryMs) return;
  if (!replace_file(stamp, std::to_string(now_ms))) return;
  (void)collect_garbage(state_directory, policy, false);
}

}  // namespace ullage::run
