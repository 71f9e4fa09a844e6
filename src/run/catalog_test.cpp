// SPDX-License-Identifier: Apache-2.0
#include "run/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "history/open_for_reading.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Catalog : public testing::Test {
 protected:
  void SetUp() override {
    auto made = history::ScratchFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::move(*made);
    ASSERT_TRUE(runs_folder(state()));
  }
  std::string state() const { return folder_.path() + "/state ü"; }
  std::string path(const std::string& id) const { return state() + "/runs/" + id + ".ullage"; }

  RunFile begin(const std::string& id, const std::string& name) {
    auto file = RunFile::create(path(id));
    EXPECT_TRUE(file) << file.error().text();
    Record record;
    record.id = id;
    record.name = name;
    file->set_record(record);
    EXPECT_TRUE(file->flush());
    return std::move(*file);
  }
  void make(const std::string& id, const std::string& name) { const RunFile file = begin(id, name); }

  std::vector<std::string> ids() const {
    std::vector<std::string> found;
    const auto entries = list_runs(state());
    EXPECT_TRUE(entries);
    for (const CatalogEntry& entry : *entries) found.push_back(entry.record.id);
    return found;
  }

  history::ScratchFolder folder_;
};

TEST_F(Catalog, FolderIsPrivate) {
  struct stat info;
  ASSERT_EQ(::stat((state() + "/runs").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(Catalog, IdsSortByTime) {
  EXPECT_EQ(new_run_id(1'795'502'412'345, 0), "20261124-064012-a5000");
  EXPECT_LT(new_run_id(1'795'502'412'345, 12345678), new_run_id(1'795'502'413'345, 0));
  EXPECT_LT(new_run_id(1'795'502'412'345, 12345678), new_run_id(1'795'502'412'346, 0));
  EXPECT_NE(new_run_id(0, 1), new_run_id(0, 2));
}

TEST_F(Catalog, ListsTheNewestFirstAndSaysWhatCannotBeRead) {
  make("20260101-000000-aaaa", "one");
  make("20260102-000000-aaaa", "two");
  std::ofstream(path("20260103-000000-aaaa")) << "nonsense that is longer than a header of SQLite's would be";
  std::ofstream(state() + "/runs/notes.txt") << "x";
  EXPECT_THAT(ids(), ElementsAre("20260103-000000-aaaa", "20260102-000000-aaaa", "20260101-000000-aaaa"));
  const auto entries = list_runs(state());
  EXPECT_THAT(entries->at(0).problem, HasSubstr("not a database"));
  EXPECT_EQ(entries->at(1).problem, "");
  EXPECT_EQ(entries->at(1).record.name, "two");
  EXPECT_EQ(entries->at(1).record.state, State::interrupted);
  EXPECT_GT(entries->at(1).size_bytes, 1000u);
}

TEST_F(Catalog, WithoutAFolderIsEmpty) {
  const auto entries = list_runs(folder_.path() + "/none");
  ASSERT_TRUE(entries);
  EXPECT_TRUE(entries->empty());
}

TEST_F(Catalog, FindsARunByWhatPeopleSay) {
  make("20260101-000000-aaaa", "train");
  make("20260102-000000-bbbb", "train");
  make("20260203-000000-cccc", "test");
  const auto found = [&](const std::string& wanted) {
    const auto run = find_run(state(), wanted);
    return run ? std::filesystem::path(*run).stem().string() : run.error().text();
  };
  EXPECT_EQ(found("20260101-000000-aaaa"), "20260101-000000-aaaa");
  EXPECT_EQ(found("202602"), "20260203-000000-cccc");
  EXPECT_EQ(found("@1"), "20260203-000000-cccc");
  EXPECT_EQ(found("@3"), "20260101-000000-aaaa");
  EXPECT_EQ(found("train"), "20260102-000000-bbbb");
  EXPECT_EQ(found(path("20260101-000000-aaaa")), "20260101-000000-aaaa");
  EXPECT_EQ(found("20260101-000000-aaaa.ullage"), "20260101-000000-aaaa");

  EXPECT_THAT(found("2026010"), HasSubstr("2 runs begin with this"));
  EXPECT_THAT(found("2026010"), HasSubstr("20260102-000000-bbbb"));
  EXPECT_THAT(found("trian"), HasSubstr("did you mean 'train'?"));
  EXPECT_THAT(found("@4"), HasSubstr("only 3 runs"));
  EXPECT_THAT(found("@0"), HasSubstr("@1 is the last run"));
  EXPECT_THAT(found("@x"), HasSubstr("not a run"));
  EXPECT_THAT(found(""), HasSubstr("no run was named"));
  EXPECT_THAT(found("/no/such/file"), HasSubstr("no such file"));
  EXPECT_THAT(found("zzz.ullage"), HasSubstr("no such file"));
}

// --name 2026 was taken and could not be shown: "2 runs begin with this".
TEST_F(Catalog, ANameIsFoundThoughItReadsAsTheBeginningOfIdsOrAsAPath) {
  make("20260101-000000-aaaa0", "2026");
  make("20260101-000000-bbbb0", "feature/x");
  make("20260202-000000-cccc0", "20260101");
  make("20260203-000000-dddd0", "");
  const auto found = [&](const std::string& wanted) {
    return std::filesystem::path(find_run(state(), wanted).value_or("")).stem().string();
  };
  EXPECT_EQ(found("2026"), "20260101-000000-aaaa0");
  EXPECT_EQ(found("feature/x"), "20260101-000000-bbbb0");
  EXPECT_EQ(found("20260101"), "20260202-000000-cccc0");
}

TEST(RunName, ThatNothingCouldBeFoundByIsRefused) {
  EXPECT_TRUE(check_run_name(""));
  EXPECT_TRUE(check_run_name("train"));
  EXPECT_TRUE(check_run_name("20260101"));
  EXPECT_TRUE(check_run_name("20260101-000000-nightly"));
  EXPECT_THAT(check_run_name("@1").error().text(), HasSubstr("'@' counts runs from the last"));
  EXPECT_THAT(check_run_name(new_run_id(0, 12345678)).error().text(), HasSubstr("put a word before it"));
}

TEST_F(Catalog, GarbageIsTheOldestAndNeverWhatLives) {
  const RunFile living = begin("20250101-000000-live", "");
  make("20260101-000000-aaaa", "");
  make("20260102-000000-aaaa", "");
  make("20260103-000000-aaaa", "");
  std::filesystem::create_directory(state() + "/runs/20260101-000000-aaaa.heap");
  std::ofstream(state() + "/runs/20260101-000000-aaaa.heap/a") << std::string(5000, 'x');
  std::ofstream(path("20260101-000000-aaaa") + "-wal") << "x";

  const auto dry = collect_garbage(state(), {.keep_runs = 2}, true);
  ASSERT_TRUE(dry);
  EXPECT_THAT(dry->removed, ElementsAre("20260101-000000-aaaa"));
  EXPECT_GT(dry->freed_bytes, 10'000u);
  EXPECT_EQ(ids().size(), 4u);

  const auto done = collect_garbage(state(), {.keep_runs = 2}, false);
  ASSERT_TRUE(done);
  EXPECT_THAT(ids(), ElementsAre("20260103-000000-aaaa", "20260102-000000-aaaa", "20250101-000000-live"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(state() + "/runs"), {}),
            5);  // three, and the living one's log
}

TEST_F(Catalog, GarbageBySizeSparesTheNewest) {
  make("20260101-000000-aaaa", "");
  make("20260102-000000-aaaa", "");
  const auto done = collect_garbage(state(), {.keep_runs = 1000, .keep_bytes = 10}, false);
  ASSERT_TRUE(done);
  EXPECT_THAT(ids(), ElementsAre("20260102-000000-aaaa"));
}

TEST(RunsFolder, AFolderLaidByAStrangerIsRefused) {
  const std::string open = testing::TempDir() + "/open-" + std::to_string(::getpid());
  ASSERT_TRUE(make_folders(open + "/state"));
  ASSERT_EQ(::chmod(open.c_str(), 01777), 0);
  EXPECT_TRUE(runs_folder(open + "/state"));
  ASSERT_EQ(::chmod((open + "/state").c_str(), 0777), 0);
  const auto refused = runs_folder(open + "/state");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, open + "/state");
  ASSERT_EQ(::chmod((open + "/state").c_str(), 0700), 0);
  std::filesystem::create_symlink("state", open + "/link");
  EXPECT_FALSE(runs_folder(open + "/link"));
  std::filesystem::remove_all(open);
}

}  // namespace
}  // namespace ullage::run
