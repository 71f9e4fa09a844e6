// SPDX-License-Identifier: Apache-2.0
#include "history/store/open_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/store/history_files.h"
#include "history/store/stored_file.h"

namespace ullage::history {

namespace {

// A quarter of a megabyte of pages each, and their series.
constexpr std::size_t kOpenMax = 96;

std::int64_t size_of(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 ? info.st_size : -1;
}

}  // namespace

Result<void> OpenFiles::refresh() {
  ++reading_;
  struct stat info;
  if (::stat(folder_.c_str(), &info) != 0) return fail_errno("cannot read the history", folder_, errno);
  const std::int64_t changed = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
  // That time is only good to milliseconds: a folder that has changed is listed once more the next time.
  const bool is_same = changed == listed_at_ns_;
  if (is_same && is_settled_) return {};
  is_settled_ = is_same;
  auto files = list_history(folder_);
  if (!files) return pass_on(files);
  list_ = std::move(*files);
  listed_at_ns_ = changed;
  std::erase_if(opened_, [this](const auto& opened) {
    return std::ranges::find(list_, opened.first, &HistoryFile::name) == list_.end();
  });
  return {};
}

StoredFile* OpenFiles::open(const HistoryFile& file) {
  Opened& opened = opened_[file.name];
  opened.used = reading_;
  if (opened.file != nullptr) {
    if (opened.file->begin()) return opened.file.get();
    opened.file.reset();
  }
  const std::string path = folder_ + "/" + file.name;
  const std::int64_t size = size_of(path);
  if (opened.size_seen >= 0 && size == opened.size_seen) return nullptr;
  auto stored = StoredFile::open(folder_, file);
  if (stored) {
    opened.file = std::move(*stored);
    return opened.file.get();
  }
  // One that is gone, or in which nothing stands yet, is nobody's problem.
  if (size < 0 || stored.error().system_error == ENODATA) return nullptr;
  opened.size_seen = size;
  problems_.push_back(stored.error().text());
  return nullptr;
}

void OpenFiles::end_reading() {
  for (auto& [name, opened] : opened_)
    if (opened.file != nullptr) opened.file->end();
  while (opened_.size() > kOpenMax || series() > series_most_) close_oldest();
}

std::size_t OpenFiles::series() const {
  std::size_t series = 0;
  for (const auto& [name, opened] : opened_)
    if (opened.file != nullptr) series += opened.file->dictionary().size();
  return series;
}

void OpenFiles::close_oldest() {
  const auto oldest =
      std::ranges::min_element(opened_, {}, [](const auto& opened) { return opened.second.used; });
  if (oldest->second.file != nullptr)
    std::ranges::copy(oldest->second.file->problems(), std::back_inserter(problems_));
  opened_.erase(oldest);
}

std::vector<std::string> OpenFiles::problems() const {
  std::vector<std::string> all = problems_;
  for (const auto& [name, opened] : opened_)
    if (opened.file != nullptr) std::ranges::copy(opened.file->problems(), std::back_inserter(all));
  std::ranges::sort(all);
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
  return all;
}

}  // namespace ullage::history
