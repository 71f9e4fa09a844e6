// SPDX-License-Identifier: Apache-2.0
#include "run/run_file_edit.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "run/catalog.h"
#include "run/example_record.h"
#include "run/run_file.h"

namespace ullage::run {
namespace {

class RunFileEdit : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("ullage-edit-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "20261124-064012-k3f9.ullage").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  RunFile living() {
    auto file = RunFile::create(path_);
    EXPECT_TRUE(file);
    file->set_record(example_record());
    EXPECT_TRUE(file->flush());
    return std::move(*file);
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(RunFileEdit, NamesAndTagsAnEndedRun) {
  ASSERT_TRUE(living().close());
  ASSERT_TRUE(retag(path_, {.name = "base", .tags = {{"kept", "yes"}, {"branch", std::nullopt}}}));
  const auto record = load_record(path_);
  ASSERT_TRUE(record) << record.error().text();
  EXPECT_EQ(record->name, "base");
  EXPECT_EQ(record->tags, (std::map<std::string, std::string>{{"kept", "yes"}}));
  EXPECT_EQ(record->wall_seconds, example_record().wall_seconds);
}

TEST_F(RunFileEdit, LeavesALivingRunAlone) {
  RunFile file = living();
  const auto done = retag(path_, {.name = "base", .tags = {}});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().text().find("alive"), std::string::npos);
}

TEST_F(RunFileEdit, RefusesWhatIsNoRun) { EXPECT_FALSE(retag("/etc/hostname", {})); }

TEST_F(RunFileEdit, RemovingLeavesNothingBehind) {
  ASSERT_TRUE(living().close());
  remove_run(path_);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace ullage::run
