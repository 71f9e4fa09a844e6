// SPDX-License-Identifier: Apache-2.0
// Runs every example beside a listening socket, as `ullage run` would, and reads what it said.
#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"
#include "sense/custom/line_protocol.h"
#include "sense/custom/line_server.h"

namespace ullage {
namespace {

class ExamplesTest : public testing::Test {
 protected:
  std::string folder_ = make_folder();
  EventLoop loop_;
  std::vector<std::string> lines_, bad_;

  ~ExamplesTest() override { std::filesystem::remove_all(folder_); }

  static std::string make_folder() {
    std::string name = testing::TempDir() + "/examples-XXXXXX";
    return ::mkdtemp(name.data());
  }

  int run(const std::string& command) {
    auto server = sense::LineServer::listen(
        loop_, {.path = folder_ + "/s"},
        [this](const sense::Line& line) { lines_.push_back(format_line(line)); },
        [this](const Error& error) { bad_.push_back(error.text()); });
    EXPECT_TRUE(server);
    const std::string bin = std::filesystem::path(ULLAGE).parent_path();
    const std::string shell =
        "PATH=" + bin + ":$PATH ULLAGE_SOCKET=" + folder_ + "/s exec " + command + " >/dev/null";
    const char* arguments[] = {"sh", "-c", shell.c_str(), nullptr};
    pid_t child = 0;
    EXPECT_EQ(::posix_spawn(&child, "/bin/sh", nullptr, nullptr, const_cast<char**>(arguments), environ), 0);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    server->finish();
    return WEXITSTATUS(status);
  }
};

const std::vector<std::string> kLoading = {"phase load begin",        "gauge queue_depth 4 shard=0",
                                           "counter rows_total +500", "gauge queue_depth 3 shard=1",
                                           "counter rows_total +500", "gauge queue_depth 2 shard=2",
                                           "counter rows_total +500", "gauge queue_depth 1 shard=3",
                                           "counter rows_total +500", "phase load end"};

TEST_F(ExamplesTest, C) {
  EXPECT_EQ(run(EXAMPLE_C), 0);
  EXPECT_EQ(lines_, kLoading);
  EXPECT_TRUE(bad_.empty());
}

TEST_F(ExamplesTest, Cpp) {
  EXPECT_EQ(run(EXAMPLE_CPP), 0);
  std::vector<std::string> wanted = kLoading;
  wanted.insert(wanted.begin(), "event reading rows.csv");
  EXPECT_EQ(lines_, wanted);
}

TEST_F(ExamplesTest, Shell) {
  EXPECT_EQ(run("examples/emit.sh"), 0);
  std::vector<std::string> wanted = kLoading;
  wanted.push_back("event loaded emit.sh");
  EXPECT_EQ(lines_, wanted);
}

TEST_F(ExamplesTest, Training) {
  EXPECT_EQ(run("python3 examples/train.py --seconds 1 --size 2"), 0);
  std::vector<std::string> phases;
  for (const std::string& line : lines_)
    if (line.starts_with("phase")) phases.push_back(line);
  EXPECT_EQ(phases,
            (std::vector<std::string>{"phase load begin", "phase load end", "phase train begin",
                                      "phase train end", "phase evaluate begin", "phase evaluate end"}));
  EXPECT_TRUE(bad_.empty());
}

// docs/emit.md shows the examples as they are.
TEST(Documentation, ShowsTheExamplesThatWereRun) {
  const auto page = read_file("docs/emit.md");
  ASSERT_TRUE(page);
  for (const char* path : {"examples/emit.c", "examples/emit.sh", "examples/phases.cpp"}) {
    const auto example = read_file(path);
    ASSERT_TRUE(example);
    EXPECT_NE(page->find("\n" + *example + "```"), std::string::npos) << path;
  }
}

}  // namespace
}  // namespace ullage
