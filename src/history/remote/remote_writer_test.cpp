// SPDX-License-Identifier: Apache-2.0
#include "history/remote/remote_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/loopback_server.h"
#include "history/block.h"
#include "history/open_for_reading.h"
#include "history/remote/remote_sender.h"
#include "history/remote/send_schedule.h"
#include "history/remote/series_samples.h"
#include "history/remote/write_request.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Time = RemoteWriter::Time;

const SendOutcome kTaken{.status = 204};

// A receiver as Prometheus is one: it takes a body whole, or nothing of it when a sample is not after the
// series' last.
class Receiver {
 public:
  int take(const std::string& body) {
    const auto request = parse_write_request(body);
    EXPECT_TRUE(request) << request.error().text();
    if (!request) return 400;
    auto next = samples_;
    for (const SeriesSamples& series : *request)
      for (const Sample& sample : series.samples) {
        std::vector<Sample>& had = next[series.key.text()];
        if (!had.empty() && sample.time_ms < had.back().time_ms) return 400;
        if (had.empty() || sample.time_ms > had.back().time_ms) had.push_back(sample);
      }
    samples_ = std::move(next);
    return 204;
  }
  const std::map<std::string, std::vector<Sample>>& samples() const { return samples_; }
  std::size_t count() const {
    std::size_t total = 0;
    for (const auto& [key, samples] : samples_) total += samples.size();
    return total;
  }

 private:
  std::map<std::string, std::vector<Sample>> samples_;
};

class RemoteWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ScratchFolder::make();
    ASSERT_TRUE(made);
    scratch_ = std::move(*made);
  }
  RemoteWriter open(const RemoteWriteOptions& options = {.batch_samples_max = 100}) {
    auto writer = RemoteWriter::open(scratch_.path() + "/queue", options);
    EXPECT_TRUE(writer) << writer.error().text();
    return std::move(*writer);
  }
  void put(RemoteWriter& writer, int second, int count = 10) {
    metric::Tick tick;
    tick.time_ms = 1'700'000'000'000 + second * std::int64_t{1000};
    for (int n = 0; n < count; ++n) tick.add(table_.id("x", {{"n", std::to_string(n)}}), n + 1000.0 * second);
    writer.append(tick, table_, seconds(second));
  }

  ScratchFolder scratch_;
  metric::SeriesTable table_;
  Receiver receiver_;
};

TEST_F(RemoteWriterTest, WaitsForABatchOrForItsTime) {
  RemoteWriter writer = open();
  EXPECT_FALSE(writer.next(seconds(0)));
  EXPECT_FALSE(writer.next_time());
  put(writer, 1);
  EXPECT_FALSE(writer.next(seconds(1)));
  EXPECT_EQ(writer.next_time(), Time(seconds(6)));
  for (int second = 2; second <= 4; ++second) put(writer, second);
  auto body = writer.next(seconds(6));
  ASSERT_TRUE(body);
  EXPECT_FALSE(writer.next(seconds(60))) << "one at a time";
  EXPECT_FALSE(writer.next_time());
  EXPECT_EQ(receiver_.take(*body), 204);
  writer.settle(kTaken, seconds(6), 0);
  EXPECT_EQ(receiver_.samples().at("x{n=\"3\"}").size(), 4u);
  EXPECT_EQ(writer.counts().sent, 40u);
  EXPECT_EQ(writer.counts().queue_samples, 0u);
  for (int second = 7; second < 17; ++second) put(writer, second);
  EXPECT_TRUE(writer.next(seconds(16))) << "a full batch need not wait";
}

TEST_F(RemoteWriterTest, AReceiverThatIsAwayIsTriedEverMoreRarelyAndGetsAllInOrder) {
  RemoteWriter writer = open();
  std::vector<std::int64_t> tries_ms;
  Time now{0};
  for (int step = 0; step < 4000; ++step, now += milliseconds(100)) {
    if (step % 10 == 0 && step < 1000) put(writer, step / 10);
    const auto body = writer.next(now);
    if (!body) continue;
    const bool is_away = now >= seconds(10) && now < seconds(40);
    if (is_away) tries_ms.push_back(now.count() / 1'000'000);
    writer.settle(is_away ? SendOutcome{.status = 0, .problem = "refused"}
                          : SendOutcome{.status = receiver_.take(*body)},
                  now, 1);
  }
  EXPECT_THAT(tries_ms, testing::Each(testing::Lt(40'000)));
  ASSERT_GE(tries_ms.size(), 5u);
  EXPECT_EQ(tries_ms[1] - tries_ms[0], 500);
  EXPECT_EQ(tries_ms[2] - tries_ms[1], 1000);
  EXPECT_EQ(tries_ms[3] - tries_ms[2], 2000);
  const RemoteWriteCounts counts = writer.counts();
  EXPECT_EQ(counts.failures, tries_ms.size());
  EXPECT_EQ(counts.sent, 1000u);
  EXPECT_EQ(counts.refused + counts.crowded + counts.queue_samples, 0u);
  EXPECT_EQ(receiver_.count(), 1000u);
}

TEST_F(RemoteWriterTest, WaitsAsLongAsItIsAsked) {
  RemoteWriter writer = open();
  put(writer, 0, 100);
  ASSERT_TRUE(writer.next(seconds(0)));
  writer.settle({.status = 429, .retry_after = seconds(90), .problem = "slow down"}, seconds(0), 1);
  EXPECT_EQ(writer.next_time(), Time(seconds(90)));
  EXPECT_FALSE(writer.next(seconds(89)));
  EXPECT_TRUE(writer.next(seconds(90)));
  EXPECT_EQ(writer.counts().problem, "slow down");
}

TEST_F(RemoteWriterTest, WhatIsNotWantedIsDroppedAndCountedAndTheRestGoesOn) {
  RemoteWriter writer = open();
  for (int second = 0; second < 10; ++second) put(writer, second);
  // This receiver hates one value.
  int requests = 0;
  std::vector<double> taken;
  while (const auto body = writer.next(seconds(10))) {
    ++requests;
    const auto request = parse_write_request(*body);
    ASSERT_TRUE(request);
    bool is_hated = false;
    for (const SeriesSamples& series : *request)
      for (const Sample& sample : series.samples) is_hated = is_hated || sample.value == 4005;
    writer.settle({.status = is_hated ? 400 : 200, .problem = is_hated ? "I hate it" : ""}, seconds(10), 0);
  }
  EXPECT_LE(writer.counts().refused, 2u);
  EXPECT_GE(writer.counts().refused, 1u);
  EXPECT_EQ(writer.counts().sent + writer.counts().refused, 100u);
  EXPECT_LE(requests, 13);
  EXPECT_THAT(writer.counts().sentences(), ElementsAre(HasSubstr("refused by the receiver")));
}

TEST_F(RemoteWriterTest, AReceiverThatWantsNothingIsNotAskedAboutEachPart) {
  RemoteWriter writer = open();
  for (int second = 0; second < 100; ++second) put(writer, second);
  int requests = 0;
  while (writer.next(seconds(100))) {
    ++requests;
    writer.settle({.status = 400, .problem = "no"}, seconds(100), 0);
  }
  EXPECT_EQ(writer.counts().refused, 1000u);
  EXPECT_LE(requests, 127 + 9);
  put(writer, 101, 100);
  ASSERT_TRUE(writer.next(seconds(101)));
  writer.settle({.status = 403, .problem = "who are you"}, seconds(101), 0);
  EXPECT_FALSE(writer.next(seconds(101)));
  EXPECT_EQ(writer.counts().refused, 1100u);
}

TEST_F(RemoteWriterTest, KilledAtAnyMomentItLosesNothingAndKeepsTheOrder) {
  std::mt19937 chance(7);
  int second = 0;
  std::uint64_t refused = 0;
  // Sends what there is, until it is killed before it has heard an answer.
  const auto send = [&](RemoteWriter& writer, Time now, unsigned lives_of_100) {
    for (; writer.next_time() && *writer.next_time() <= now; now += seconds(1)) {
      const auto body = writer.next(now);
      if (!body) return true;
      const int status = receiver_.take(*body);
      if (chance() % 100 >= lives_of_100) return false;
      const bool is_lost = chance() % 4 == 0;
      writer.settle(is_lost ? SendOutcome{} : SendOutcome{.status = status}, now, 0);
    }
    return true;
  };
  for (int life = 0; life < 200; ++life) {
    RemoteWriter writer = open({.batch_samples_max = 45, .batch_wait = milliseconds(0)});
    for (const int end = second + static_cast<int>(chance() % 6); second < end;) {
      put(writer, second++);
      if (!send(writer, seconds(second * 100), 97)) break;
    }
    refused += writer.counts().refused;
  }
  RemoteWriter writer = open({.batch_samples_max = 45, .batch_wait = milliseconds(0)});
  for (int i = 0; i < 100; ++i) send(writer, seconds(second * 100 + 10 * i), 100);
  EXPECT_EQ(writer.counts().queue_samples, 0u);
  EXPECT_EQ(refused + writer.counts().refused, 0u) << "what is refused was there already";
  for (const auto& [key, samples] : receiver_.samples())
    EXPECT_EQ(samples.size(), static_cast<unsigned>(second)) << key;
}

TEST_F(RemoteWriterTest, SaysWhichSeriesEndedAndAddsLabels) {
  RemoteWriter writer = open({.batch_samples_max = 1000, .extra_labels = {{"host", "me"}, {"n", "other"}}});
  put(writer, 1, 2);
  put(writer, 2, 2);
  for (int second = 3; second < 8; ++second) put(writer, second, 1);
  const auto body = writer.next(seconds(60));
  ASSERT_TRUE(body);
  EXPECT_EQ(receiver_.take(*body), 204);
  const std::vector<Sample>& ended = receiver_.samples().at("x{host=\"me\",n=\"1\"}");
  ASSERT_EQ(ended.size(), 3u);
  EXPECT_TRUE(is_absent(ended[2].value));
  EXPECT_EQ(ended[2].time_ms - ended[1].time_ms, 1000);
}

TEST_F(RemoteWriterTest, ASenderCarriesBodiesOnAThread) {
  int tries = 0;
  const LoopbackServer server([&](const std::string& request) {
    if (++tries == 1) return LoopbackServer::status("503 Later", "");
    const int status = receiver_.take(request.substr(request.find("\r\n\r\n") + 4));
    return LoopbackServer::status(std::to_string(status) + " Said", "");
  });
  EventLoop loop;
  const SystemClock clock;
  RemoteWriter writer = open({.back_off = {.first = milliseconds(1)}, .batch_samples_max = 50});
  auto sender = RemoteSender::start({.url = server.url() + "/api/v1/write"}, 1, writer, loop, clock);
  ASSERT_TRUE(sender) << sender.error().text();
  for (int second = 0; second < 20; ++second) put(writer, second);
  sender->look();
  std::function<void()> until_empty;
  EventLoop::Handle timer;
  until_empty = [&] {
    if (writer.counts().sent == 200) loop.stop();
    timer = loop.after(milliseconds(1), until_empty);
  };
  until_empty();
  loop.run();
  EXPECT_EQ(receiver_.count(), 200u);
  EXPECT_EQ(writer.counts().failures, 1u);
  EXPECT_THAT(server.requests().at(0), HasSubstr("X-Prometheus-Remote-Write-Version: 0.1.0"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Content-Encoding: snappy"));
}

}  // namespace
}  // namespace ullage::history
