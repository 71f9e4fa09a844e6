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

}  // namespace

void TextfileFolder::look_at(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    files_.erase(path);  // renamed away this moment
    return;
  }
  File& file = files_[path];
  const Stamp stamp{.seconds = info.st_mtim.tv_sec,
                    .nanoseconds = info.st_mtim.tv_nsec,
                    .size = info.st_size,
                    .inode = info.st_ino};
  if (file.stamp == stamp) return;
  ++files_read_;
  file = {.stamp = stamp, .values = {}, .families = {}, .error = {}};
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

CustomReading TextfileFolder::read() {
  CustomReading reading;
  const auto listed = list_files(folder_);
  if (!listed) {
    reading.error = listed.error().text();
    return reading;
  }
  std::erase_if(files_, [&](const auto& file) { return !std::ranges::binary_search(*listed, file.first); });
  for (const std::string& path : *listed) look_at(path);
  for (const auto& [path, file] : files_) {
    if (file.error.empty())
      reading.own_values.push_back(
          {{"node_textfile_mtime_seconds", {{"file", path}}},
           static_cast<double>(file.stamp.seconds) + static_cast<double>(file.stamp.nanoseconds) / 1e9});
    else if (reading.error.empty())
      reading.error = file.error;
    reading.values.insert(reading.values.end(), file.values.begin(), file.values.end());
    reading.families.insert(reading.families.end(), file.families.begin(), file.families.end());
  }
  reading.own_values.push_back({{"node_textfile_scrape_error", {}}, reading.error.empty() ? 0.0 : 1.0});
  return reading;
}

}  // namespace ullage::sense
