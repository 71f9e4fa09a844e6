// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/sanitizer.h"

namespace ullage {
namespace {

using namespace std::chrono_literals;

TEST(EventLoop, CallsBackWhenADescriptorIsReadable) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const FileDescriptor reader(ends[0]), writer(ends[1]);
  EventLoop loop;
  std::string got;
  const auto watch = loop.on_readable(reader.get(), [&] {
    char byte = 0;
    ASSERT_EQ(::read(reader.get(), &byte, 1), 1);
    got += byte;
    if (got.size() == 2) loop.stop();
  });
  ASSERT_EQ(::write(writer.get(), "ab", 2), 2);
  loop.run();
  EXPECT_EQ(got, "ab");
}

TEST(EventLoop, TimersFireInOrderOfTheirTime) {
  EventLoop loop;
  std::string order;
  const auto later = loop.after(20ms, [&] {
    order += '2';
    loop.stop();
  });
  const auto sooner = loop.after(1ms, [&] { order += '1'; });
  loop.run();
  EXPECT_EQ(order, "12");
}

TEST(EventLoop, AHandleThatIsGoneCallsNobody) {
  EventLoop loop;
  bool called = false;
  {
    const auto ended = loop.after(1ms, [&] { called = true; });
  }
  const auto stop = loop.after(10ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(called);
}

TEST(EventLoop, ATimerMayReplaceItself) {
  EventLoop loop;
  int ticks = 0;
  EventLoop::Handle timer;
  std::function<void()> tick = [&] {
    if (++ticks == 3) return loop.stop();
    timer = loop.after(1ms, tick);
  };
  timer = loop.after(1ms, tick);
  loop.run();
  EXPECT_EQ(ticks, 3);
}

TEST(EventLoop, PostMayComeFromAnotherThread) {
  EventLoop loop;
  std::thread other([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  other.join();
}

// With `ulimit -n 5` an exception ended the program.
TEST(EventLoop, WithoutDescriptorsItIsNotMadeAndSaysWhy) {
  if (kUnderUndefinedBehaviorSanitizer) GTEST_SKIP() << "UBSan itself needs descriptors";
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto loop = EventLoop::create();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(loop);
  EXPECT_EQ(loop.error().text(), "cannot make the event loop: Too many open files");
  EXPECT_TRUE(EventLoop::create());
}

}  // namespace
}  // namespace ullage
