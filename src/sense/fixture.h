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

#include "base/os_root.h"

namespace ullage::sense {

class Fixture {
 public:
  using File = std::pair<std::string_view, std::string_view>;

  Fixture() {
    static int count = 0;
    folder_ =
        testing::TempDir() + "ullage-sense-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
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
  void remove(std::string_view path) { std::filesystem::remove_all(folder_ + std::string(path)); }
  OsRoot root() const { return {.prefix = folder_}; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace ullage::sense
