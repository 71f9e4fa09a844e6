// SPDX-License-Identifier: Apache-2.0
#include "act/command_lookup.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/result.h"

namespace ullage::act {
namespace {

using testing::HasSubstr;

class CommandLookup : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void put(const std::string& name, mode_t mode) {
    const std::string path = folder_ + "/" + name;
    ASSERT_TRUE(make_folders(std::filesystem::path(path).parent_path().string()));
    ASSERT_TRUE(replace_file(path, "#!/bin/sh\n"));
    ::chmod(path.c_str(), mode);
  }
  int code(const Result<std::string>& found) { return found ? 0 : exit_code_of(found.error()); }

  std::string folder_ = "/tmp/ullage-lookup-test-XXXXXX";
};

TEST_F(CommandLookup, SearchesPathInOrder) {
  put("a/tool", 0755);
  put("b/tool", 0755);
  EXPECT_EQ(find_command("tool", {"PATH=" + folder_ + "/b:" + folder_ + "/a"}, "").value(),
            folder_ + "/b/tool");
}

TEST_F(CommandLookup, PassesOverWhatCannotBeExecuted) {
  put("a/tool", 0644);
  put("b/tool", 0755);
  EXPECT_EQ(find_command("tool", {"PATH=" + folder_ + "/a:" + folder_ + "/b"}, "").value(),
            folder_ + "/b/tool");
}

TEST_F(CommandLookup, FoundButNotExecutableIs126) {
  put("a/tool", 0644);
  const auto found = find_command("tool", {"PATH=/nowhere:" + folder_ + "/a"}, "");
  EXPECT_EQ(code(found), 126);
  EXPECT_THAT(found.error().text(), HasSubstr("chmod +x"));
}

TEST_F(CommandLookup, AFolderIs126WhenNamedAndNothingInPath) {
  put("a/tool/x", 0755);
  EXPECT_EQ(code(find_command(folder_ + "/a/tool", {}, "")), 126);
  EXPECT_EQ(code(find_command("tool", {"PATH=" + folder_ + "/a"}, "")), 127);
}

TEST_F(CommandLookup, NotFoundIs127) {
  EXPECT_EQ(code(find_command("no-such-tool", {"PATH=" + folder_}, "")), 127);
  EXPECT_EQ(code(find_command("/no/such/tool", {}, "")), 127);
  EXPECT_EQ(code(find_command("", {}, "")), 127);
}

TEST_F(CommandLookup, AFileTakenForAFolderIs126) {
  EXPECT_EQ(code(find_command("/etc/passwd/x", {}, "")), 126);
}

TEST_F(CommandLookup, AnEmptyPathEntryIsTheWorkingDirectory) {
  put("tool", 0755);
  EXPECT_EQ(find_command("tool", {"PATH=/nowhere:"}, folder_).value(), "./tool");
}

TEST_F(CommandLookup, WithoutPathTheSystemsOwnFoldersAreSearched) {
  EXPECT_EQ(find_command("sh", {"HOME=/"}, "").value(), "/bin/sh");
}

TEST_F(CommandLookup, SaysWhenTheCommandLiesInThisFolder) {
  put("tool", 0755);
  const auto found = find_command("tool", {"PATH=/nowhere"}, folder_);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().text(), HasSubstr("./tool"));
}

TEST_F(CommandLookup, AnErrorOfOurOwnIs125) {
  EXPECT_EQ(exit_code_of(Error{.what = "no pipe"}), 125);
  EXPECT_EQ(exit_code_of(Error{.what = "no pipe", .system_error = EMFILE}), 125);
}

}  // namespace
}  // namespace ullage::act
