// SPDX-License-Identifier: Apache-2.0
// The bash script is tried by bash itself, with the words of a command line; the others are read over by
// their shells where those are installed.

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <sstream>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "cli/verb.h"

namespace ullage::cli {
namespace {

std::string script_for(const std::string& shell) {
  std::ostringstream out, err;
  const ManualClock clock;
  Console console{.out = out, .err = err, .clock = clock};
  EXPECT_EQ(run_command_line({"completion", shell}, console), 0) << err.str();
  return out.str();
}

// What a shell command prints, by way of a file.
std::string output_of(const std::string& command) {
  const std::string path = testing::TempDir() + "/output-" + std::to_string(::getpid());
  const std::string shell = "{ " + command + "; } > " + path;
  const std::array arguments = {"sh", "-c", shell.c_str(), static_cast<const char*>(nullptr)};
  decltype(::getpid()) child = 0;
  EXPECT_EQ(::posix_spawn(&child, "/bin/sh", nullptr, nullptr, const_cast<char**>(arguments.data()), environ),
            0);
  ::waitpid(child, nullptr, 0);
  const auto text = read_file(path);
  std::filesystem::remove(path);
  return text.value_or("");
}

class CompletionTest : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "/completion-" + std::to_string(::getpid());
  ~CompletionTest() override { std::filesystem::remove(path_); }

  // What bash offers after these words, one a line.
  std::string offered(const std::string& words) {
    EXPECT_TRUE(replace_file(path_, script_for("bash")));
    return output_of(
        "bash -c 'source " + path_ + "; COMP_WORDS=(" + words +
        "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ullage; printf \"%s\\n\" \"${COMPREPLY[@]}\"'");
  }
  void expect_that_it_reads(const std::string& shell) {
    if (output_of("command -v " + shell).empty()) GTEST_SKIP() << "no " << shell;
    ASSERT_TRUE(replace_file(path_, script_for(shell)));
    EXPECT_EQ(output_of(shell + " -n " + path_ + " 2>&1"), "");
  }
};

TEST_F(CompletionTest, OffersVerbs) {
  EXPECT_NE(("\n" + offered("ullage \"\"")).find("\nconfig\n"), std::string::npos);
  EXPECT_EQ(offered("ullage conf"), "config\n");
  EXPECT_EQ(offered("ullage config sh"), "show\n");
}

TEST_F(CompletionTest, OffersFlagsOfTheVerbAndTheirValues) {
  EXPECT_EQ(offered("ullage config show --or"), "--origin\n");
  EXPECT_EQ(offered("ullage config show --profile prod"), "production\n");
  EXPECT_EQ(offered("ullage config check --as p"), "project\n");
  EXPECT_EQ(offered("ullage completion z"), "zsh\n");
  EXPECT_EQ(offered("ullage run --wait \"\""), "command\nall\n");
  EXPECT_EQ(offered("ullage config show --json --or"), "--origin\n");  // a flag without a value takes none
}

TEST_F(CompletionTest, OffersSettings) {
  EXPECT_EQ(offered("ullage config show limits.m"), "limits.memory\n");
}

TEST_F(CompletionTest, AfterDashesStandsAnotherCommand) { EXPECT_EQ(offered("ullage run -- conf"), "\n"); }

TEST_F(CompletionTest, ZshReadsIt) { expect_that_it_reads("zsh"); }
TEST_F(CompletionTest, FishReadsIt) { expect_that_it_reads("fish"); }

}  // namespace
}  // namespace ullage::cli
