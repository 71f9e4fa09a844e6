// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/textfile_folder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "metric/exposition_parser.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kFileBytesMax = 8u << 20;
constexpr std::size_t kFilesMax = 1000;
constexpr std::size_t kToldMax = 10;  // files that are wrong, in one error
constexpr std::string_view kSource = "textfile:";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

Result<std::vector<std::string>> list_files(const std::string& path) {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (!folder) return fail_errno("cannot be read", path, errno);
  std::vector<std::string> files;
  while (const dirent* entry =
             ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string_view name = entry->d_name;
    if (name.ends_with(".prom") && !name.starts_with('.')) files.push_back(path + '/' + std::string(name));
  }
  std::ranges::sort(files);
  if (files.size() > kFilesMax)
    return fail(std::to_string(files.size()) + " files", path, "there may be " + std::to_string(kFilesMax));
  return files;
}

Result<metric::Exposition> read_exposition(const std::string& path) {
  auto text = read_file(path, kFileBytesMax);
  if (!text) return pass_on(text);
  auto exposition = metric::parse_exposition(*text, {.form = metric::ExpositionForm::by_its_end});
  if (!exposition) {
    Error error = std::move(exposition).error();
    error.where = path + ": " + error.where;
    return fail(std::move(error));
  }
  // As node_exporter has it: a value that is read again and again is not from one time.
  for (const metric::ExpositionSample& sample : exposition->samples)
    if (sample.has_time)
      return fail("a sample with a time, " + sample.key.text(), path, "leave the times out");
  return exposition;
}

// What is wrong with each file, in one line.
std::string joined(const std::vector<SourceProblem>& problems) {
  std::string all;
  for (std::size_t i = 0; i < std::min(problems.size(), kToldMax); ++i)
    all += (i == 0 ? "" : "; ") + problems[i].of.substr(kSource.size()) + ": " + problems[i].text;
  if (problems.size() > kToldMax)
    all += "; and " + std::to_string(problems.size() - kToldMax) + " more files";
  return all;
}

}  // namespace

void TextfileFolder::look_at(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    if (files_.erase(path) > 0) has_changed_ = true;  // renamed away this moment
    return;
  }
  File& file = files_[path];
  const Stamp stamp{.seconds = info.st_mtim.tv_sec,
                    .nanoseconds = info.st_mtim.tv_nsec,
                    .size = info.st_size,
                    .inode = info.st_ino};
  if (file.stamp == stamp) return;
  ++files_read_;
  has_changed_ = true;
  file = {.stamp = stamp};
  if (!S_ISREG(info.st_mode)) {
    file.error = path + ": not a file";
    return;
  }
  auto exposition = read_exposition(path);
  if (!exposition) {
    file.error = exposition.error().text();
    return;
  }
  for (metric::ExpositionSample& sample : exposition->samples)
    file.values.push_back({std::move(sample.key), sample.value});
  file.families = std::move(exposition->families);
}

// Of samples that are there twice, in one file or in two, the first holds, files being in order of their
// names.
void TextfileFolder::find_repeated() {
  std::unordered_map<std::string, const std::string*> first_in;  // of each series
  for (auto& [path, file] : files_) {
    file.left_out.clear();
    file.repeated.clear();
    for (std::size_t i = 0; i < file.values.size(); ++i) {
      const std::string series = file.values[i].key.text();
      const auto [first, is_first] = first_in.emplace(series, &path);
      if (is_first) continue;
      if (file.left_out.empty())
        file.repeated = path + ": " + series +
                        (first->second == &path ? " is there twice" : " is in " + *first->second + " too");
      file.left_out.push_back(i);
    }
    if (file.left_out.size() > 1)
      file.repeated += " (and " + std::to_string(file.left_out.size() - 1) + " more)";
    if (!file.left_out.empty()) file.repeated += ": the first is taken";
  }
}

CustomReading TextfileFolder::read() {
  CustomReading reading;
  const auto listed = list_files(folder_);
  if (!listed) {
    reading.error = listed.error().text();
    return reading;
  }
  const std::size_t before = files_.size();
  std::erase_if(files_, [&](const auto& file) { return !std::ranges::binary_search(*listed, file.first); });
  has_changed_ = has_changed_ || files_.size() != before;
  for (const std::string& path : *listed) look_at(path);
  reading.is_as_before = !has_changed_;
  if (std::exchange(has_changed_, false)) find_repeated();
  for (const auto& [path, file] : files_) add(path, file, reading);
  reading.error = joined(reading.problems);
  reading.own_values.push_back({{"node_textfile_scrape_error", {}}, reading.error.empty() ? 0.0 : 1.0});
  return reading;
}

void TextfileFolder::add(const std::string& path, const File& file, CustomReading& reading) {
  const std::string& problem = file.error.empty() ? file.repeated : file.error;
  if (!problem.empty())
    reading.problems.push_back({.of = std::string(kSource) + path, .text = problem.substr(path.size() + 2)});
  if (!file.error.empty()) return;
  reading.own_values.push_back(
      {{"node_textfile_mtime_seconds", {{"file", path}}},
       static_cast<double>(file.stamp.seconds) + static_cast<double>(file.stamp.nanoseconds) / 1e9});
  auto left_out = file.left_out.begin();
  for (std::size_t i = 0; i < file.values.size(); ++i)
    if (left_out != file.left_out.end() && *left_out == i)
      ++left_out;
    else
      reading.values.push_back(file.values[i]);
  reading.families.insert(reading.families.end(), file.families.begin(), file.families.end());
}

}  // namespace ullage::sense
