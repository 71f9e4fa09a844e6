// SPDX-License-Identifier: Apache-2.0
// Golden files, for tests: what a verb prints, compared with tests/golden/NAME and renewed by running the
// test with ULLAGE_RENEW=1, to be read as a diff. Run from the source folder, as ctest does.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace ullage::cli {

inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = "tests/golden/" + name;
  if (std::getenv("ULLAGE_RENEW") != nullptr) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << path << " is missing: run once with ULLAGE_RENEW=1";
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(expected.str(), text) << path << " differs; if that is meant: ULLAGE_RENEW=1";
}

}  // namespace ullage::cli
