// SPDX-License-Identifier: Apache-2.0
#include "daemon/own_signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "base/event_loop.h"

namespace ullage::daemon {
namespace {

TEST(OwnSignals, ComeThroughTheLoop) {
  EventLoop loop;
  std::vector<int> seen;
  const auto signals = OwnSignals::start(loop, [&](int signal) {
    seen.push_back(signal);
    if (signal == SIGTERM) loop.stop();
  });
  ASSERT_TRUE(signals) << signals.error().text();
  ::kill(::getpid(), SIGHUP);
  loop.post([] { ::kill(::getpid(), SIGTERM); });
  loop.run();
  EXPECT_EQ(seen, (std::vector<int>{SIGHUP, SIGTERM}));
}

}  // namespace
}  // namespace ullage::daemon
