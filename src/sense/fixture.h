// SPDX-License-Identifier: Apache-2.0
// For tests: a folder tree that looks like a machine, written from literals into a temporary folder and
// removed again. Files are named as on the machine: {"/proc/loadavg", "…"}.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/os_root.h"
#include "sense/host_archive.h"

namespace ullage::sense {

class Fixture {
 public:
  using File = std::pair<std::string_view, std::string_view>;

  Fixture() {
    static int count = 0;
    // In memory where that can be: thousands of small files are slow on a disk that others use as well.
    const std::string base = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : testing::TempDir();
    folder_ = base + "ullage-sense-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
    std::filesystem::create_directories(folder_);
  }
  Fixture(std::initializer_list<File> files) : Fixture() {
    for (const auto& [path, text] : files) write(path, text);
  }
  ~Fixture() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  void write(std::string_view path, std::string_view text) {
    const std::filesystem::path full = folder_ + std::string(path);
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full, std::ios::binary) << text;
  }
  // A machine from tests/fixtures/hosts/ (its README.md has the form).
  void unpack(const std::string& archive) {
    const auto text = read_file(archive);
    ASSERT_TRUE(text) << text.error().text();
    unpack_text(*text);
  }
  void unpack_text(std::string_view archive) {
    for (const ArchiveFile& file : unpack_archive(archive)) write(file.path, file.text);
  }
  void remove(std::string_view path) { std::filesystem::remove_all(folder_ + std::string(path)); }
  OsRoot root() const { return {.prefix = folder_}; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace ullage::sense
