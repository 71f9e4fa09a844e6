// SPDX-License-Identifier: Apache-2.0
// Real programs that do what programs do.
#include "sense/custom/program.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <csignal>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using namespace std::chrono_literals;

class Program : public ::testing::Test {
 protected:
  std::string write(std::string_view script, const std::string& name = "program") {
    const std::string path = folder_.root().path("/" + name);
    EXPECT_TRUE(replace_file(path, script));
    ::chmod(path.c_str(), 0700);
    return path;
  }
  std::string run(std::string_view script, ProgramLimits limits = {}, const std::stop_token& stop = {}) {
    const auto ran = run_program(OsRoot::live(), write(script), limits, clock_, stop);
    return ran ? "printed: " + *ran : ran.error().what;
  }
  // A process, which was told to write its number there, is gone.
  bool has_gone(const std::string& file) const {
    const auto text = read_file(file);
    const auto pid = text ? to_signed(trim(*text)) : std::nullopt;
    if (!pid || *pid <= 0) return false;
    return ::kill(static_cast<pid_t>(*pid), 0) != 0;
  }

  Fixture folder_;
  SystemClock clock_;
};

TEST_F(Program, GivesWhatItPrinted) { EXPECT_EQ(run("#!/bin/sh\necho a 1\n"), "printed: a 1\n"); }

TEST_F(Program, HasNothingOfOurs) {
  ::setenv("SECRET_TOKEN", "x", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(run("#!/bin/sh\necho \"$SECRET_TOKEN:$(pwd):$(cat)\"; ls /proc/self/fd | wc -l\n"),
            "printed: :/:\n4\n");  // 0, 1, 2 and that of ls
}

TEST_F(Program, ThatFailsSaysItsLastWord) {
  EXPECT_EQ(run("#!/bin/sh\necho first >&2\necho no device >&2\nexit 3\n"), "ended with code 3: no device");
  EXPECT_EQ(run("#!/bin/sh\nkill -SEGV $$\n"), "ended by signal 11");
  EXPECT_EQ(run("#!/no/such/interpreter\n"), "cannot be started: No such file or directory");
}

TEST_F(Program, ThatHangsIsEndedInTime) {
  const auto begin = clock_.monotonic();
  EXPECT_EQ(run("#!/bin/sh\ntrap '' TERM INT\nsleep 1000\n", {.timeout = 200ms}),
            "did not end within 200 ms");
  EXPECT_LT(clock_.monotonic() - begin, 5s);
}

TEST_F(Program, ThatPrintsAGigabyteIsStopped) {
  const auto begin = clock_.monotonic();
  EXPECT_EQ(run("#!/bin/sh\nhead -c 1000000000 /dev/zero\n"), "printed more than 1.00 MiB");
  EXPECT_EQ(run("#!/bin/sh\nhead -c 1000000000 /dev/zero >&2; echo a 1\n"), "printed: a 1\n");
  EXPECT_LT(clock_.monotonic() - begin, 20s);
}

TEST_F(Program, ThatTakesMemoryIsStopped) {
  const std::string said =
      run("#!/usr/bin/env python3\nimport time\nx = []\nwhile True:\n  x.append(bytearray(8 << 20)); "
          "time.sleep(0.01)\n",
          {.resident_bytes = 64u << 20});
  EXPECT_TRUE(said.starts_with("took ")) << said;
  EXPECT_NE(said.find("it may have 64"), said.npos) << said;
}

// In its own session, its group left: only who is its parent in the end can find it.
TEST_F(Program, TakesWithItWhatItForkedAway) {
  const std::string file = folder_.root().path("/forked");
  EXPECT_EQ(run("#!/bin/sh\nsetsid sh -c 'echo $$ > " + file + ".new; mv " + file + ".new " + file +
                "; exec sleep 1000' &\nwhile [ ! -e " + file + " ]; do sleep 0.01; done\necho a 1\n"),
            "printed: a 1\n");
  EXPECT_TRUE(has_gone(file));
}

TEST_F(Program, IsEndedWhenWeStop) {
  std::stop_source stop;
  const std::string file = folder_.root().path("/started");
  std::thread other([&] {
    while (!file_exists(file)) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(run("#!/bin/sh\necho $$ > " + file + ".new\nmv " + file + ".new " + file + "\nexec sleep 1000\n",
                {}, stop.get_token()),
            "was ended with us");
  other.join();
  EXPECT_TRUE(has_gone(file));
}

}  // namespace
}  // namespace ullage::sense
