// SPDX-License-Identifier: Apache-2.0
#include "watch/collecting.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"
#include "sense/host/loadavg_collector.h"

namespace ullage::watch {
namespace {

TEST(Collecting, ShowsASourceThatFailsAsDownAndAsksTheOthersAllTheSame) {
  const sense::Fixture whole({{"/proc/loadavg", "0.5 0.25 1 2/389 12345\n"}});
  const sense::Fixture empty;
  std::vector<Source> sources;
  sources.push_back({"broken", std::make_unique<sense::LoadavgCollector>(empty.root())});
  sources.push_back({"loadavg", std::make_unique<sense::LoadavgCollector>(whole.root())});
  const ManualClock clock;
  Collecting collecting(std::move(sources), clock);
  sense::LinesFrame frame;
  collecting.collect(1000, frame);
  EXPECT_EQ(frame.text,
            "ullage_collector_success{collector=\"broken\"} 0\n"
            "ullage_collector_duration_seconds{collector=\"broken\"} 0\n"
            "node_load1 0.5\n"
            "node_load5 0.25\n"
            "node_load15 1\n"
            "ullage_collector_success{collector=\"loadavg\"} 1\n"
            "ullage_collector_duration_seconds{collector=\"loadavg\"} 0\n");
  EXPECT_EQ(collecting.statuses()[0].error, "/proc/loadavg: cannot be read");
  EXPECT_EQ(collecting.statuses()[1].error, "");
  EXPECT_EQ(collecting.statuses()[1].time_ms, 1000);
}

}  // namespace
}  // namespace ullage::watch
