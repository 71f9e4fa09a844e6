// SPDX-License-Identifier: Apache-2.0
#include "ullage/emit.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "sense/custom/line_protocol.h"
#include "sense/custom/line_server.h"

namespace ullage {
namespace {

// The connection is one a process and stays: each case says its lines in a child of its own.
class EmitTest : public testing::Test {
 protected:
  std::string folder_ = make_folder();
  EventLoop loop_;
  std::vector<std::string> lines_, bad_;

  ~EmitTest() override { std::filesystem::remove_all(folder_); }

  static std::string make_folder() {
    std::string name = testing::TempDir() + "/emit-XXXXXX";
    return ::mkdtemp(name.data());
  }

  // Returns the child's exit code; what it said is in lines_ and bad_.
  int in_a_child(const std::function<int()>& speak, bool with_run = true) {
    auto server = sense::LineServer::listen(
        loop_, {.path = folder_ + "/s"},
        [this](const sense::Line& line) { lines_.push_back(format_line(line)); },
        [this](const Error& error) { bad_.push_back(error.text()); });
    EXPECT_TRUE(server);
    const pid_t child = ::fork();
    if (child == 0) {
      if (with_run)
        ::setenv("ULLAGE_SOCKET", (folder_ + "/s").c_str(), 1);
      else
        ::unsetenv("ULLAGE_SOCKET");
      ::_exit(speak());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    server->finish();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
};

TEST_F(EmitTest, SaysPhasesValuesAndEvents) {
  EXPECT_EQ(in_a_child([] {
              {
                const Phase outer = phase("load \"all\"");
                gauge("queue_depth", -1.5, {{"shard", "a b"}});
                counter_add("rows_total", 500);
              }
              event("two\nlines");
              return in_a_run() && dropped_lines() == 0 ? 0 : 1;
            }),
            0);
  EXPECT_EQ(lines_, (std::vector<std::string>{
                        "phase \"load \\\"all\\\"\" begin", "gauge queue_depth -1.5 shard=\"a b\"",
                        "counter rows_total +500", "phase \"load \\\"all\\\"\" end", "event two lines"}));
  EXPECT_TRUE(bad_.empty());
}

TEST_F(EmitTest, OutsideOfARunNothingHappens) {
  EXPECT_EQ(in_a_child(
                [] {
                  const Phase alone = phase("load");
                  gauge("x", 1);
                  return !in_a_run() && dropped_lines() == 0 ? 0 : 1;
                },
                false),
            0);
  EXPECT_TRUE(lines_.empty());
}

TEST_F(EmitTest, ARunThatIsGoneIsNoRun) {
  EXPECT_EQ(in_a_child([] {
              ::setenv("ULLAGE_SOCKET", "/nowhere/at/all", 1);
              event("x");
              return in_a_run() ? 1 : 0;
            }),
            0);
}

TEST_F(EmitTest, WhatCannotBeALineIsDroppedAndCounted) {
  EXPECT_EQ(in_a_child([] {
              gauge("x", std::nan(""));
              gauge("x", INFINITY);
              gauge("x 1\nevent injected", 1);
              gauge("", 1);
              gauge("x", 1, {{"k", std::string(5000, 'v')}});
              return static_cast<int>(dropped_lines());
            }),
            5);
  EXPECT_TRUE(lines_.empty() && bad_.empty());
}

TEST_F(EmitTest, LongNamesAreCutBetweenCharacters) {
  std::string name = std::string(63, 'x') + "é";
  in_a_child([&] {
    const Phase long_one = phase(name);
    return 0;
  });
  EXPECT_EQ(lines_.front(), "phase " + std::string(63, 'x') + " begin");
}

TEST_F(EmitTest, APhaseEndsOnceAndByItsMaker) {
  EXPECT_EQ(in_a_child([] {
              Phase first = phase("a");
              Phase second = std::move(first);
              if (const pid_t child = ::fork(); child == 0) {
                second.end();  // not the child's to end
                event("from the child");
                ::_exit(0);
              } else {
                ::waitpid(child, nullptr, 0);
              }
              second.end();
              second.end();
              return 0;
            }),
            0);
  EXPECT_EQ(lines_, (std::vector<std::string>{"phase a begin", "event from the child", "phase a end"}));
}

TEST_F(EmitTest, ThreadsShareTheConnection) {
  EXPECT_EQ(in_a_child([] {
              std::vector<std::thread> threads;
              for (int t = 0; t < 4; ++t)
                threads.emplace_back([] {
                  for (int i = 0; i < 25; ++i) counter_add("x_total", 1);
                });
              for (std::thread& thread : threads) thread.join();
              return static_cast<int>(dropped_lines());
            }),
            0);
  EXPECT_EQ(lines_.size(), 100u);
  EXPECT_TRUE(bad_.empty());
}

TEST_F(EmitTest, ABusyRunLosesLinesButHoldsNobodyBack) {
  EXPECT_EQ(in_a_child([] {  // nobody reads until this child has ended
              for (int i = 0; i < 20'000; ++i) gauge("x", i);
              return dropped_lines() > 0 ? 0 : 1;
            }),
            0);
  EXPECT_GT(lines_.size(), 100u);
  EXPECT_TRUE(bad_.empty());
}

TEST_F(EmitTest, AnotherSocketUnderOurNumberIsNeverWrittenTo) {
  EXPECT_EQ(in_a_child([] {
              event("before");
              for (int fd = 3; fd < 64; ++fd) ::close(fd);  // as a program does that becomes a daemon
              std::array<int, 2> pair{};
              if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) != 0) return 1;
              event("after");
              std::array<char, 64> bytes;
              return ::read(pair[0], bytes.data(), 64) < 0 && ::read(pair[1], bytes.data(), 64) < 0 ? 0 : 2;
            }),
            0);
  EXPECT_EQ(lines_, (std::vector<std::string>{"event before", "event after"}));
}

// The example in the header is the one in examples/phases.cpp, which is compiled and run.
TEST(EmitHeader, ItsExampleIsCompiled) {
  const auto header = read_file("include/ullage/emit.h"), example = read_file("examples/phases.cpp");
  ASSERT_TRUE(header && example);
  std::string_view rest = std::string_view(*header).substr(header->find("@code\n") + 6);
  rest = rest.substr(0, rest.find("/// @endcode"));
  std::string indented;
  while (!rest.empty()) {
    std::string_view line = take_until(rest, '\n');
    line.remove_prefix(std::min<std::size_t>(line.size(), 4));
    indented += "  " + std::string(line) + "\n";
  }
  EXPECT_NE(example->find(indented), std::string::npos) << indented;
}

}  // namespace
}  // namespace ullage
