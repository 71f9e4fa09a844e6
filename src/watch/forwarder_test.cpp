// SPDX-License-Identifier: Apache-2.0
#include "watch/forwarder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/loopback_server.h"
#include "history/block.h"
#include "history/open_for_reading.h"
#include "history/remote/write_request.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/live_series.h"
#include "metric/series.h"

namespace ullage::watch {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kNoon = 1'700'049'600'000;

// What has arrived at a receiver that may be away.
class Received {
 public:
  std::string take(const std::string& request) {
    if (is_away) return LoopbackServer::status("503 Away", "");
    const auto series = history::parse_write_request(request.substr(request.find("\r\n\r\n") + 4));
    if (!series) return LoopbackServer::status("400 Bad", series.error().text());
    const std::scoped_lock lock(mutex_);
    for (const auto& one : *series)
      for (const history::Sample& sample : one.samples)
        (history::is_absent(sample.value) ? ends_ : values_)[one.key.text()].push_back(sample.value);
    return LoopbackServer::status("204 Taken", "");
  }
  std::map<std::string, std::vector<double>> values() const {
    const std::scoped_lock lock(mutex_);
    return values_;
  }
  std::vector<std::string> ended() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, markers] : ends_) names.push_back(name);
    return names;
  }

  std::atomic<bool> is_away{false};

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<double>> values_, ends_;
};

class ForwarderTest : public testing::Test {
 protected:
  ForwarderTest() { EXPECT_TRUE(scratch_); }

  std::string folder() const { return scratch_->path() + "/queue"; }
  ForwardOptions options() const {
    return {.receiver = {.url = server_.url() + "/api/v1/write"},
            .write = {.back_off = {.first = milliseconds(1), .longest = milliseconds(20)},
                      .batch_wait = milliseconds(1)}};
  }
  Forwarder open(const ForwardOptions& with) {
    auto forwarder = Forwarder::open(folder(), with, clock_);
    EXPECT_TRUE(forwarder) << forwarder.error().text();
    return *std::move(forwarder);
  }
  void tick(Forwarder& forwarder, std::int64_t second, const std::vector<std::string>& names) {
    live_.begin(kNoon + second * 1000);
    for (const std::string& name : names) live_.add(name, static_cast<double>(second));
    forwarder.forward(live_);
    forwarder.wait_until_queued();
  }
  // Within ten seconds.
  static bool wait_for(const std::function<bool()>& is_so) {
    for (int i = 0; i < 2000; ++i) {
      if (is_so()) return true;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }
  bool wait_for_value(const std::string& name, double value) const {
    return wait_for([&] {
      const auto values = received_.values();
      const auto found = values.find(name);
      return found != values.end() && found->second.back() == value;
    });
  }

  Result<history::ScratchFolder> scratch_ = history::ScratchFolder::make();
  SystemClock clock_;
  Received received_;
  LoopbackServer server_{[this](const std::string& request) { return received_.take(request); }};
  metric::LiveSeries live_{20};
};

TEST_F(ForwarderTest, SendsEachTick) {
  Forwarder forwarder = open(options());
  for (int second = 0; second < 20; ++second) tick(forwarder, second, {"a", "b"});
  ASSERT_TRUE(wait_for_value("b", 19));
  EXPECT_EQ(received_.values().at("a").size(), 20u);
  ASSERT_TRUE(wait_for([&] {
    tick(forwarder, 20, {});  // counts are as of a tick
    return forwarder.counts().remote.sent == 40;
  }));
  EXPECT_EQ(forwarder.counts().remote.lag_seconds, 0);
  EXPECT_EQ(forwarder.counts().dropped_ticks, 0u);
}

TEST_F(ForwarderTest, SendsWhatIsToBeKeptAndNotDroppedWithMoreLabels) {
  ForwardOptions some = options();
  some.keep = {{{"__name__", history::Matcher::Kind::regex, "node_.*"}},
               {{.label = "__name__", .value = "up"}}};
  some.drop = {{{"__name__", history::Matcher::Kind::equal, "node_boring"}}};
  some.write.extra_labels = {{"instance", "here"}};
  Forwarder forwarder = open(some);
  tick(forwarder, 0, {"node_load1", "node_boring", "other", "up"});
  ASSERT_TRUE(wait_for_value(R"(up{instance="here"})", 0));
  std::vector<std::string> names;
  for (const auto& [name, values] : received_.values()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre(R"(node_load1{instance="here"})", R"(up{instance="here"})"));
}

TEST_F(ForwarderTest, KeepsWhatTheReceiverHasNotTakenOverRestartsOfBoth) {
  received_.is_away = true;
  {
    Forwarder forwarder = open(options());
    for (int second = 0; second < 30; ++second) tick(forwarder, second, {"a"});
    ASSERT_TRUE(wait_for([&] {
      tick(forwarder, 30, {"a"});
      return !forwarder.counts().remote.is_taken;
    }));
    EXPECT_THAT(forwarder.counts().remote.problem, HasSubstr("503"));
    EXPECT_GT(forwarder.counts().remote.queue_bytes, 0u);
    EXPECT_GE(forwarder.counts().remote.lag_seconds, 29);
  }
  received_.is_away = false;
  Forwarder forwarder = open(options());
  tick(forwarder, 31, {"a"});
  ASSERT_TRUE(wait_for_value("a", 31));
  std::vector<double> seconds;  // each arrives at least once
  const auto values = received_.values();
  for (const double value : values.at("a"))
    if (seconds.empty() || value != seconds.back()) seconds.push_back(value);
  std::vector<double> all;
  for (int second = 0; second < 32; ++second) all.push_back(second);
  EXPECT_EQ(seconds, all);
}

// The live series give a place to another one; what is sent must not mix them up.
TEST_F(ForwarderTest, TellsSeriesApartThatHaveTheSamePlaceOneAfterTheOther) {
  Forwarder forwarder = open(options());
  metric::LiveSeries one_place(1);
  for (std::int64_t i = 0; i < 100; ++i) {
    one_place.begin(kNoon + i * 1000);
    one_place.forget_before(kNoon + i * 1000);
    one_place.add(i % 2 == 0 ? "even" : "odd", static_cast<double>(i));
    forwarder.forward(one_place);
    forwarder.wait_until_queued();
  }
  ASSERT_TRUE(wait_for_value("odd", 99));
  for (const auto& [name, values] : received_.values())
    for (const double value : values)
      EXPECT_EQ(static_cast<int>(value) % 2, name == "odd" ? 1 : 0) << name << value;
  EXPECT_EQ(received_.values().at("even").size(), 50u);
}

TEST_F(ForwarderTest, SaysThatSeriesHaveEndedAndForgetsThem) {
  Forwarder forwarder = open(options());
  // A new series every second, which lives ten of them.
  constexpr std::int64_t kSeconds = 3000;
  for (std::int64_t second = 0; second < kSeconds; ++second) {
    live_.begin(kNoon + second * 1000);
    for (std::int64_t i = std::max<std::int64_t>(0, second - 9); i <= second; ++i)
      live_.add("s" + std::to_string(i), static_cast<double>(second));
    forwarder.forward(live_);
    live_.forget_before(kNoon + (second - 5) * 1000);
    forwarder.wait_until_queued();
  }
  EXPECT_EQ(live_.refused(), 0u);
  EXPECT_LT(forwarder.counts().known_series, 200u);
  ASSERT_TRUE(wait_for_value("s" + std::to_string(kSeconds - 1), kSeconds - 1));
  ASSERT_TRUE(wait_for([&] { return received_.ended().size() == kSeconds - 13; }));
  for (const auto& [name, values] : received_.values()) EXPECT_LE(values.size(), 10u) << name;
}

TEST_F(ForwarderTest, GoesOnWithOtherOptions) {
  Received other;
  const LoopbackServer elsewhere([&](const std::string& request) { return other.take(request); });
  Forwarder forwarder = open(options());
  tick(forwarder, 0, {"a", "b"});
  ASSERT_TRUE(wait_for_value("b", 0));
  ForwardOptions changed = options();
  changed.receiver.url = elsewhere.url() + "/write";
  changed.drop = {{{"__name__", history::Matcher::Kind::equal, "b"}}};
  ASSERT_TRUE(forwarder.change(changed));
  for (int second = 1; second < 10; ++second) tick(forwarder, second, {"a", "b"});
  ASSERT_TRUE(wait_for([&] {
    const auto values = other.values();
    return values.contains("a") && values.at("a").back() == 9;
  }));
  // What the first receiver has not yet confirmed when it is left goes to the next.
  const auto of_b = other.values()["b"];
  EXPECT_TRUE(of_b.empty() || of_b == std::vector<double>{0});
  changed.keep = {{{"__name__", history::Matcher::Kind::regex, "("}}};
  const auto refused = forwarder.change(changed);
  ASSERT_FALSE(refused);
}

TEST_F(ForwarderTest, IsTheOnlyOneInItsFolder) {
  const Forwarder first = open(options());
  const auto second = Forwarder::open(folder(), options(), clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().system_error, EBUSY);
}

}  // namespace
}  // namespace ullage::watch
