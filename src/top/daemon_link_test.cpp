// SPDX-License-Identifier: Apache-2.0
#include "top/daemon_link.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "server/ullage_v1.h"
#include "top/daemon_word.h"
#include "top/machine_json.h"
#include "top/machine_view.h"
#include "top/top_fixture.h"

namespace ullage::top {
namespace {

using namespace std::chrono_literals;

TEST(DaemonLink, WithoutADaemonSaysSo) {
  EXPECT_EQ(DaemonLink("").ask(DaemonLink::About::all, 0).error().what, "no daemon runs");
  EXPECT_EQ(DaemonLink("/nowhere/ullage.sock").ask(DaemonLink::About::all, 0).error().what, "no daemon runs");
}

TEST(DaemonLink, ADaemonOfAnotherVersionIsDoneWithout) {
  DaemonWord word;
  const auto overview = [](int api) { return fmt::format(R"({{"api_version":{},"version":"9.1"}})", api); };
  EXPECT_TRUE(take_overview(overview(server::kUllageApiVersion), word));
  EXPECT_EQ(word.version, "9.1");
  const auto other = take_overview(overview(server::kUllageApiVersion + 1), word);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().what, "the daemon is of another version, 9.1");
  EXPECT_FALSE(take_overview(R"({"version":"0.1"})", word)) << "one before there were versions";
}

TEST(DaemonLink, AnswersThatAreNotAsExpectedAreErrors) {
  DaemonWord word;
  for (const char* text : {"", "{", "[]", R"({"processes":[{"pid":"x"}]})", R"({"data":{"result":[{}]}})"}) {
    EXPECT_FALSE(take_growth_of_processes(text, word)) << text;
    EXPECT_FALSE(take_past(text, word)) << text;
    EXPECT_FALSE(take_runs(text, word)) << text;
  }
}

TEST(DaemonLink, TakesThePastByWhatItIsOf) {
  DaemonWord word;
  ASSERT_TRUE(take_past(R"({"data":{"result":[
      {"metric":{"what":"machine"},"values":[[10,"5"],[12,"6"]]},
      {"metric":{"what":"held","pid":"7","name":"leak"},"values":[[10,"100"],[12,"200"]]},
      {"metric":{"what":"cpu","pid":"7","name":"leak"},"values":[[12,"0.5"]]},
      {"metric":{"what":"held","group":"web","user":"anna"},"values":[[12.5,"NaN"]]}]}})",
                        word));
  EXPECT_EQ(word.machine_used.size(), 2u);
  const Past& past = word.processes.at({7, "leak"});
  EXPECT_EQ(past.held_bytes[1].time_ms, 12'000);
  EXPECT_EQ(past.held_bytes[1].value, 200);
  EXPECT_EQ(past.cpu_cores[0].value, 0.5);
  EXPECT_EQ((word.groups.at({.name = "web", .user = "anna", .unit = ""}).held_bytes[0].time_ms), 12'500);
}

TEST(DaemonLink, TellsOfRunsThatAreAlive) {
  DaemonWord word;
  ASSERT_TRUE(take_runs(R"({"runs":[
      {"id":"a","name":"train","state":"running","started_ms":5,"command":["python3","train.py"]},
      {"id":"b","name":"","state":"finished","started_ms":4,"command":["true"]}]})",
                        word));
  ASSERT_TRUE(take_run_values(R"({"data":{"result":[
      {"metric":{"__name__":"ullage_run_used_bytes","run_id":"a"},"value":[9,"4096"]},
      {"metric":{"__name__":"ullage_run_phase","run_id":"a","phase":"epoch"},"value":[9,"1"]},
      {"metric":{"__name__":"ullage_run_used_bytes","run_id":"b"},"value":[9,"1"]}]}})",
                              word));
  ASSERT_EQ(word.runs.size(), 1u);
  EXPECT_EQ(word.runs[0].command, "python3 train.py");
  EXPECT_EQ(word.runs[0].used_bytes, 4096);
  EXPECT_EQ(word.runs[0].phases, std::vector<std::string>{"epoch"});
}

class Heard : public testing::Test {
 protected:
  Heard() {
    machine_.process(7, 1, "leak", 100);
    const std::int64_t now_ms = machine_.reading().time_ms + 1000;  // of the first reading
    word_.version = "0.1";
    for (std::int64_t i = 20; i > 0; --i) {
      const std::int64_t time_ms = now_ms - i * 2000;
      Past& past = word_.processes[{7, "leak"}];
      past.held_bytes.push_back(
          {time_ms, (200.0 - static_cast<double>(i)) * kMiB});  // twice what it holds by our own count
      past.cpu_cores.push_back({time_ms, 0.5});
    }
    for (std::int64_t i = 150; i > 0; --i)
      word_.machine_used.push_back({now_ms - i * 2000, 2.0 * kGiB - static_cast<double>(i) * 10.0 * kMiB});
    word_.process_growth[{7, "leak"}] = 30.0 * kMiB;
    word_.runs = {{.id = "a", .name = "train", .started_ms = 5, .used_bytes = 3.0 * kGiB}};
  }
  ReadingFixture machine_;
  DaemonWord word_;
  MachineView view_;
};

TEST_F(Heard, ThePastIsThereAtTheFirstLook) {
  view_.hear(std::move(word_));
  view_.take(machine_.next());
  const RowView& row = view_.processes()[0];
  ASSERT_EQ(row.trail->size(), 21u);
  EXPECT_EQ(row.trail->front().at, view_.at() - 40s);
  EXPECT_NEAR(row.trail->at(19).used_bytes, 100.0 * kMiB, kMiB);  // ends at what it holds now
  EXPECT_EQ(row.trail->front().cpu_cores, 0.5f);
  EXPECT_EQ(row.growth_bytes_per_minute, 30.0 * kMiB);
  ASSERT_TRUE(view_.host().memory_lasts);  // 10 MiB each two seconds, 6 GiB left
  EXPECT_NEAR(view_.host().memory_lasts->seconds, 1229, 20);
}

TEST_F(Heard, SinceWhenItGrowsIsTheDaemonsToSay) {
  const std::int64_t now_ms = machine_.reading().time_ms + 1000;  // of the first look
  word_.process_growing_since_ms[{7, "leak"}] = now_ms - 600'000;
  word_.group_growing_since_ms[{.name = "leak", .user = "anna", .unit = ""}] = now_ms - 900'000;
  machine_.row(0).growing_seconds = 30;  // for as long as top itself has looked
  view_.hear(std::move(word_));
  view_.take(machine_.next());
  EXPECT_EQ(view_.processes()[0].growing_seconds, 600.0);
  EXPECT_EQ(view_.groups()[0].growing_seconds, 900.0);
  view_.hear_nothing();
  view_.take(machine_.next());
  EXPECT_EQ(view_.processes()[0].growing_seconds, 30.0);
}

TEST(DaemonLink, TakesSinceWhenAndWhatIsShared) {
  DaemonWord word;
  ASSERT_TRUE(take_growth_of_processes(
      R"({"processes":[{"pid":7,"name":"a","growth_bytes_per_minute":5.5,"growing_since_ms":1000},
                       {"pid":8,"name":"b","growth_bytes_per_minute":null,"growing_since_ms":null}]})",
      word));
  EXPECT_EQ(word.process_growing_since_ms.at({7, "a"}), 1000);
  EXPECT_EQ(word.process_growing_since_ms.size(), 1u);
  ASSERT_TRUE(take_growth_of_groups(
      R"({"groups":[{"name":"a","user":"u","unit":"","growth_bytes_per_minute":1,"growing_since_ms":5,
                     "proportional_bytes":70,"resident_bytes":90},
                    {"name":"old","user":"u","unit":"","growth_bytes_per_minute":null}]})",
      word));
  EXPECT_EQ(word.group_growing_since_ms.at({.name = "a", .user = "u", .unit = ""}), 5);
  EXPECT_EQ(word.group_proportional_bytes.at({.name = "a", .user = "u", .unit = ""}), 70u);
  EXPECT_EQ(word.group_resident_bytes.at({.name = "a", .user = "u", .unit = ""}), 90u);
}

TEST_F(Heard, OfAnotherMachinesLimitThePastIsNotTaken) {
  machine_.reading().capacity.memory_source = "cgroup /a";
  view_.hear(std::move(word_));
  view_.take(machine_.next());
  EXPECT_FALSE(view_.host().memory_lasts);
}

TEST_F(Heard, AnotherProcessOfTheSameNumberHasNoPast) {
  machine_.row(0).sample.name = "other";
  view_.hear(std::move(word_));
  view_.take(machine_.next());
  EXPECT_EQ(view_.processes()[0].trail->size(), 1u);
  EXPECT_FALSE(view_.processes()[0].growth_bytes_per_minute);
}

TEST_F(Heard, StandsInTheJsonBesideTheRest) {
  view_.take(machine_.next());
  const auto alone = machine_json(view_, {}, 5);
  EXPECT_TRUE(alone["daemon"].is_null());
  EXPECT_TRUE(alone["runs"].is_null());
  view_.hear(std::move(word_));
  const auto heard = machine_json(view_, {}, 5);
  EXPECT_EQ(heard["daemon"]["version"], "0.1");
  EXPECT_EQ(heard["runs"][0]["name"], "train");
  EXPECT_EQ(heard["runs"][0]["used_bytes"], 3.0 * kGiB);
  EXPECT_TRUE(heard["runs"][0]["limit_bytes"].is_null());
}

}  // namespace
}  // namespace ullage::top
