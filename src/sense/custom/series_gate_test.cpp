// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/series_gate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "sense/collector_fixture.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;

TEST(SeriesGate, KeepsOurNamesForUs) {
  SeriesGate gate(10);
  LinesFrame frame;
  for (const char* name : {"ullage_self_ticks_total", "node_load1", "container_memory_rss", "up", "nodes"})
    gate.add(frame, {name, {{"a", "b"}}}, 1);
  EXPECT_EQ(frame.text, "up{a=\"b\"} 1\nnodes{a=\"b\"} 1\n");
  EXPECT_EQ(gate.counts().reserved_names, 3u);
}

TEST(SeriesGate, CountsAValueThatIsGivenAgainOnce) {
  SeriesGate gate(1);
  LinesFrame frame;
  for (const auto word : {SeriesGate::Word::first, SeriesGate::Word::repeated, SeriesGate::Word::repeated}) {
    gate.add(frame, {"node_load1", {}}, 1, word);
    gate.add(frame, {"a", {}}, 1, word);
    gate.add(frame, {"b", {}}, 1, word);
  }
  EXPECT_EQ(frame.text, "a 1\na 1\na 1\n");
  EXPECT_EQ(gate.counts().reserved_names, 1u);
  EXPECT_EQ(gate.counts().beyond_limit, 1u);
}

TEST(SeriesGate, LetsInOurNamesFromOtherMachines) {
  SeriesGate gate(10);
  LinesFrame frame;
  gate.add(frame, {"node_load1", {{"instance", "b:9100"}, {"job", "node"}}}, 2);
  gate.add(frame, {"node_load1", {{"exported_job", "node"}, {"instance", "c:9850"}, {"job", "ullage"}}}, 4);
  gate.add(frame, {"node_load1", {{"job", "node"}}},
           3);  // rules dropped its instance: it may be taken for ours
  EXPECT_EQ(frame.text, "node_load1{instance=\"b:9100\",job=\"node\"} 2\n");
  EXPECT_EQ(gate.counts().reserved_names, 2u);
}

TEST(SeriesGate, LetsInThoseWhoCameFirstUntilTheyStayAway) {
  SeriesGate gate(2);
  LinesFrame frame;
  const auto tick = [&](int second, const char* name) {
    gate.begin(seconds(second));
    gate.add(frame, {name, {}}, second);
  };
  tick(0, "a");
  tick(1, "b");
  tick(2, "c");  // no room
  tick(3, "a");
  EXPECT_EQ(frame.text, "a 0\nb 1\na 3\n");
  EXPECT_EQ(gate.counts().beyond_limit, 1u);
  tick(400, "c");
  EXPECT_EQ(frame.text, "a 0\nb 1\na 3\nc 400\n");
  EXPECT_EQ(gate.size(), 1u);
}

TEST(SeriesGate, LeavesRoomForOthersBesideOneThatBringsMuch) {
  SeriesGate gate(10);
  LinesFrame frame;
  gate.begin(seconds(0));
  gate.begin_source("much");
  for (int i = 0; i < 100; ++i) gate.add(frame, {"much", {{"i", std::to_string(i)}}}, 1);
  EXPECT_EQ(gate.size(), 8u);
  gate.begin_source("little");
  gate.add(frame, {"little", {}}, 1);
  EXPECT_NE(frame.text.find("little 1"), std::string::npos);
  gate.begin(seconds(400));  // it has stayed away
  gate.begin_source("much");
  for (int i = 100; i < 200; ++i) gate.add(frame, {"much", {{"i", std::to_string(i)}}}, 1);
  EXPECT_EQ(gate.size(), 8u);
}

}  // namespace
}  // namespace ullage::sense
