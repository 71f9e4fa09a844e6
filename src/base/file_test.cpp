// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <iterator>
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

// `--json /dev/null` replaced the device by a file.
TEST_F(Files, WhatIsNoRegularFileIsWrittenToNotReplaced) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto reader = open_file(path, O_RDONLY | O_NONBLOCK);
  ASSERT_TRUE(reader);
  ASSERT_TRUE(replace_file(path, "through"));
  std::array<char, 16> got{};
  EXPECT_EQ(::read(reader->get(), got.data(), got.size()), 7);
  EXPECT_EQ(std::string(got.data()), "through");
  struct stat info;
  ASSERT_EQ(::lstat(path.c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode));
  EXPECT_FALSE(replace_file(folder_, "a folder"));
}

TEST_F(Files, APipeThatNobodyReadsIsAnErrorNotAWait) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto written = replace_file(path, "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().system_error, ENXIO);
}

TEST_F(Files, ASymlinkStaysAndTheFileItPointsToIsReplaced) {
  ASSERT_TRUE(replace_file(folder_ + "/a/file", "old"));
  std::filesystem::create_symlink("a/file", folder_ + "/link");
  ASSERT_TRUE(replace_file(folder_ + "/link", "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ + "/link"));
  EXPECT_EQ(read_file(folder_ + "/a/file").value(), "new");
}

TEST_F(Files, NothingThatLiesInTheTemporarysPlaceIsFollowedAndNothingIsLeft) {
  ASSERT_TRUE(replace_file(folder_ + "/victim", "precious"));
  for (int guess = 0; guess < 3; ++guess)
    std::filesystem::create_symlink(folder_ + "/victim", folder_ + "/file.tmp" + std::to_string(::getpid()) +
                                                             (guess == 0 ? "" : std::to_string(guess)));
  ASSERT_TRUE(replace_file(folder_ + "/a/file", "new"));
  ASSERT_TRUE(replace_file(folder_ + "/file", "new"));
  EXPECT_EQ(read_file(folder_ + "/victim").value(), "precious");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ + "/a"), {}), 2);  // b and file
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

TEST_F(Files, AnOwnFolderIsNoLinkNoStrangersAndClosed) {
  const std::string folder = folder_ + "/a";
  EXPECT_TRUE(is_own_folder(folder, 077));
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  EXPECT_FALSE(is_own_folder(folder, 077));
  EXPECT_TRUE(is_own_folder(folder, 022));
  std::filesystem::create_symlink(folder, folder_ + "/link");
  EXPECT_FALSE(is_own_folder(folder_ + "/link", 0));
  EXPECT_FALSE(is_own_folder(folder_ + "/none", 0));
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  ASSERT_EQ(::chown(folder.c_str(), 65534, 65534), 0);
  EXPECT_FALSE(is_own_folder(folder, 0));
}

TEST_F(Files, AFolderCannotBeRead) {
  const auto fd = open_file(folder_, O_RDONLY);
  ASSERT_TRUE(fd);
  std::string buffer;
  EXPECT_FALSE(read_into(fd->get(), buffer));
}

}  // namespace
}  // namespace ullage
