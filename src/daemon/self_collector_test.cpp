// SPDX-License-Identifier: Apache-2.0
#include "daemon/self_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/text.h"
#include "metric/descriptor.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"
#include "watch/forwarder.h"

namespace ullage::daemon {
namespace {

using testing::HasSubstr;

TEST(SelfCollector, TellsWhatTheDaemonCostsAndLoses) {
  const sense::Fixture machine({{"/proc/self/statm", "5000 2500 900 10 0 700 0\n"}});
  SelfCollector self(machine.root(), [] {
    SelfFigures figures{.cpu_seconds = 1.5, .ticks = 60, .late_ticks = 2, .version = "1.2.3"};
    figures.keeper.history.lost_samples = 7;
    figures.keeper.waiting_ticks = 3;
    figures.forwarder = watch::ForwardCounts{.remote = {.refused = 5, .lag_seconds = 1.5}};
    return figures;
  });
  const std::string text = sense::collect_lines(self);
  EXPECT_THAT(text, HasSubstr("ullage_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ullage_self_resident_bytes 10240000\n"));
  EXPECT_THAT(text, HasSubstr("ullage_self_late_ticks_total 2\n"));
  EXPECT_THAT(text, HasSubstr("ullage_self_dropped_samples_total{cause=\"disk_full\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("ullage_remote_write_dropped_samples_total{cause=\"refused\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("ullage_remote_write_lag_seconds 1.5\n"));
  EXPECT_THAT(text, HasSubstr("ullage_self_queue_length{queue=\"history\"} 3\n"));
}

TEST(SelfCollector, GivesOnlyMetricsThatTheTableHas) {
  const sense::Fixture machine({{"/proc/self/statm", "5000 2500 900 10 0 700 0\n"}});
  SelfCollector self(machine.root(), [] {
    return SelfFigures{.forwarder = watch::ForwardCounts(), .certificate_end_seconds = 1};
  });
  std::string_view rest;
  const std::string text = sense::collect_lines(self);
  for (rest = text; !rest.empty();) {
    const std::string_view line = take_until(rest, '\n');
    const std::string_view name = line.substr(0, line.find_first_of("{ "));
    EXPECT_NE(metric::find_descriptor(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace ullage::daemon
