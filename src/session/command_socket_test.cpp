// SPDX-License-Identifier: Apache-2.0
#include "session/command_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/event_loop.h"
#include "base/file.h"

namespace ullage::session {
namespace {

using testing::Not;
using testing::StartsWith;

class CommandSocketTest : public testing::Test {
 protected:
  ~CommandSocketTest() override { std::filesystem::remove_all(runtime_); }
  static std::string make_folder() {
    std::string name = testing::TempDir() + "/socket-XXXXXX";
    return ::mkdtemp(name.data());
  }
  std::string runtime_ = make_folder();
  EventLoop loop_;
};

TEST_F(CommandSocketTest, LiesInTheRuntimeFolder) {
  const CommandSocket socket(loop_, "id", {{"XDG_RUNTIME_DIR", runtime_}});
  EXPECT_EQ(socket.path(), runtime_ + "/ullage/id.socket");
  EXPECT_FALSE(socket.problem());
}

TEST_F(CommandSocketTest, AFolderOpenToOthersIsNotTrusted) {
  ASSERT_TRUE(make_folders(runtime_ + "/ullage"));
  ASSERT_EQ(::chmod((runtime_ + "/ullage").c_str(), 0777), 0);
  std::string path;
  {
    const CommandSocket socket(loop_, "id", {{"XDG_RUNTIME_DIR", runtime_}});
    path = socket.path();
    EXPECT_THAT(path, Not(StartsWith(runtime_)));
    EXPECT_TRUE(is_own_folder(std::filesystem::path(path).parent_path(), 077));
  }
  EXPECT_FALSE(file_exists(std::filesystem::path(path).parent_path()));
}

TEST_F(CommandSocketTest, NothingIsMadeInTheRuntimeFolderOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  ASSERT_EQ(::chown(runtime_.c_str(), 65534, 65534), 0);
  const CommandSocket socket(loop_, "id", {{"XDG_RUNTIME_DIR", runtime_}});
  EXPECT_THAT(socket.path(), Not(StartsWith(runtime_)));
  EXPECT_TRUE(std::filesystem::is_empty(runtime_));
}

}  // namespace
}  // namespace ullage::session
