// SPDX-License-Identifier: Apache-2.0
#include "run/catalog_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "history/open_for_reading.h"
#include "run/catalog.h"
#include "run/example_record.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::run {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class View : public testing::Test {
 protected:
  void SetUp() override {
    auto made = history::ScratchFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::move(*made);
    ASSERT_TRUE(runs_folder(folder_.path()));
  }
  std::string path(const std::string& id) const { return folder_.path() + "/runs/" + id + ".ullage"; }
  RunFile begin(const std::string& id, State state) {
    auto file = RunFile::create(path(id));
    EXPECT_TRUE(file) << file.error().text();
    Record record = example_record();
    record.id = id;
    record.state = state;
    record.events = {{.time_ms = 1, .kind = "emit", .severity = "info", .text = "loaded"},
                     {.time_ms = 2, .kind = "limit", .severity = "warning", .text = "near its limit"}};
    file->set_record(record);
    EXPECT_TRUE(file->flush());
    return std::move(*file);
  }
  void make(const std::string& id) { const RunFile file = begin(id, State::finished); }
  static std::vector<std::string> ids(const CatalogView::Look& look) {
    std::vector<std::string> found;
    for (const auto& glance : look.runs) found.push_back(glance->record.id);
    return found;
  }

  history::ScratchFolder folder_;
};

TEST_F(View, ListsTheNewestFirstAndSaysWhenTheListIsAnother) {
  CatalogView view(folder_.path());
  const auto empty = view.look();
  ASSERT_TRUE(empty);
  EXPECT_THAT(empty->runs, IsEmpty());
  make("20261124-064012-aaaa");
  make("20261125-064012-bbbb");
  const auto two = view.look();
  ASSERT_TRUE(two);
  EXPECT_THAT(ids(*two), ElementsAre("20261125-064012-bbbb", "20261124-064012-aaaa"));
  EXPECT_NE(two->version, empty->version);
  EXPECT_EQ(view.look()->version, two->version);
  ::unlink(path("20261124-064012-aaaa").c_str());
  const auto one = view.look();
  EXPECT_THAT(ids(*one), ElementsAre("20261125-064012-bbbb"));
  EXPECT_NE(one->version, two->version);
}

TEST_F(View, ReadsAFileThatHasNotChangedOnce) {
  make("20261124-064012-aaaa");
  CatalogView view(folder_.path());
  const auto first = view.look();
  EXPECT_EQ(view.look()->runs.at(0), first->runs.at(0));
}

TEST_F(View, KeepsOfARunWhatAListShows) {
  make("20261124-064012-aaaa");
  const auto look = CatalogView(folder_.path()).look();
  const Record& record = look->runs.at(0)->record;
  EXPECT_EQ(record.name, "train");
  EXPECT_TRUE(record.memory.peak_bytes);
  EXPECT_THAT(record.process_table, IsEmpty());
  EXPECT_THAT(record.environment, IsEmpty());
  ASSERT_EQ(record.events.size(), 1u);
  EXPECT_EQ(record.events[0].text, "near its limit");
}

TEST_F(View, SeesThatARunEnded) {
  CatalogView view(folder_.path());
  RunFile file = begin("20261124-064012-aaaa", State::running);
  const auto before = view.look();
  Record record = example_record();
  record.id = "20261124-064012-aaaa";
  file.set_record(record);
  ASSERT_TRUE(file.close());
  const auto after = view.look();
  EXPECT_EQ(after->runs.at(0)->record.state, State::finished);
  EXPECT_NE(after->version, before->version);
}

TEST_F(View, SeesThatARunWasWarned) {
  CatalogView view(folder_.path());
  RunFile file = begin("20261124-064012-aaaa", State::running);
  const auto before = view.look();
  const std::vector<Event> events = {
      {.time_ms = 1, .kind = "emit", .severity = "info", .text = "loaded"},
      {.time_ms = 2, .kind = "limit", .severity = "warning", .text = "near its limit"},
      {.time_ms = 3, .kind = "limit", .severity = "critical", .text = "over it"}};
  file.set_events(events);
  ASSERT_TRUE(file.flush());
  const auto after = view.look();
  EXPECT_EQ(after->runs.at(0)->record.events.back().text, "over it");
  EXPECT_NE(after->version, before->version);
  EXPECT_EQ(view.look()->version, after->version);
}

TEST_F(View, AFileThatIsNoRunIsListedWithItsProblem) {
  std::ofstream(path("broken")) << "this is no database";
  const auto look = CatalogView(folder_.path()).look();
  ASSERT_EQ(look->runs.size(), 1u);
  EXPECT_EQ(look->runs.at(0)->record.id, "broken");
  EXPECT_FALSE(look->runs.at(0)->problem.empty());
}

TEST_F(View, KeepsNoMoreThanItMay) {
  for (const char* id : {"a", "b", "c"}) make(id);
  EXPECT_THAT(ids(*CatalogView(folder_.path(), 2).look()), ElementsAre("c", "b"));
}

}  // namespace
}  // namespace ullage::run
