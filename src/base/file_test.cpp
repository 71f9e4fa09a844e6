// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace ullage {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "ullage files ü " + std::to_string(::getpid());
    ASSERT_TRUE(make_folders(folder_ + "/a/b"));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(Files, ReplaceThenReadGivesTheTextBack) {
  const std::string path = folder_ + "/a/b/file";
  ASSERT_TRUE(replace_file(path, "first"));
  ASSERT_TRUE(replace_file(path, "second"));
  EXPECT_EQ(read_file(path).value(), "second");
  struct stat info;
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Files, AMissingFileIsAnErrorThatNamesIt) {
  const auto text = read_file(folder_ + "/none");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().system_error, ENOENT);
  EXPECT_EQ(text.error().text(), folder_ + "/none: cannot open: No such file or directory");
}

TEST_F(Files, ReadingStopsAtTheLimit) {
  ASSERT_TRUE(replace_file(folder_ + "/long", std::string(10'000, 'x')));
  EXPECT_EQ(read_file(folder_ + "/long", 5'000)->size(), 5'000u);
}

TEST_F(Files, ReadIntoReusesItsBufferAndReadsFromTheStart) {
  ASSERT_TRUE(replace_file(folder_ + "/f", std::string(9'000, 'y')));
  const auto fd = open_file(folder_ + "/f", O_RDONLY);
  ASSERT_TRUE(fd);
  std::string buffer;
  ASSERT_TRUE(read_into(fd->get(), buffer));
  ASSERT_TRUE(read_into(fd->get(), buffer));
  EXPECT_EQ(buffer, std::string(9'000, 'y'));
}

TEST_F(Files, AFolderCannotBeRead) {
  const auto fd = open_file(folder_, O_RDONLY);
  ASSERT_TRUE(fd);
  std::string buffer;
  EXPECT_FALSE(read_into(fd->get(), buffer));
}

}  // namespace
}  // namespace ullage
