// SPDX-License-Identifier: Apache-2.0
#include "top/row_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "top/machine_view.h"
#include "top/top_fixture.h"

namespace ullage::top {
namespace {

using testing::ElementsAre;

class RowList : public testing::Test {
 protected:
  RowList() {
    machine_.process(1, 0, "init", 5);
    machine_.process(10, 1, "shell", 1);
    machine_.process(11, 10, "leak", 300).growth_bytes_per_minute = 9e6;
    machine_.process(12, 1, "cache", 200).cpu_cores = 2;
    machine_.process(13, 12, "worker", 50).used.written_bytes = 5000;
    machine_.headrooms() = {8 * kGiB, 8 * kGiB, 8 * kGiB, 8 * kGiB, kGiB};
    view_.take(machine_.next());
    view_.take(machine_.next());
  }
  std::vector<std::string> names(const RowChoice& choice) {
    std::vector<std::string> names;
    for (const ListedRow& row : listed_rows(view_, choice)) names.push_back(row.branch + row.row->name);
    return names;
  }
  ReadingFixture machine_;
  MachineView view_;
};

TEST_F(RowList, TheGreatestIsFirst) {
  EXPECT_THAT(names({}), ElementsAre("leak", "cache", "worker", "init", "shell"));
  EXPECT_EQ(names({.order = Order::growth})[0], "leak");
  EXPECT_EQ(names({.order = Order::cpu})[0], "cache");
  EXPECT_EQ(names({.order = Order::io})[0], "worker");
}

TEST_F(RowList, ByHeadroomTheLeastIsFirst) {
  EXPECT_THAT(names({.order = Order::headroom}), ElementsAre("worker", "leak", "cache", "init", "shell"));
}

TEST_F(RowList, InATreeSiblingsStandByWhatIsBelowThem) {
  EXPECT_THAT(names({.shape = Shape::tree}),
              ElementsAre("init", "├ shell", "│ └ leak", "└ cache", "  └ worker"));
  EXPECT_THAT(names({.order = Order::cpu, .shape = Shape::tree, .utf8 = false}),
              ElementsAre("init", "+ cache", "| ` worker", "` shell", "  ` leak"));
}

TEST_F(RowList, AFilterTakesACommandAUserAGroupOrAPid) {
  EXPECT_THAT(names({.filter = "LEAK"}), ElementsAre("leak"));
  EXPECT_THAT(names({.filter = "13"}), ElementsAre("worker"));
  EXPECT_EQ(names({.filter = "anna"}).size(), 5u);
  EXPECT_THAT(names({.filter = "nothing"}), ElementsAre());
}

TEST_F(RowList, WhoeverAsksIsNotFoundByTheQuestion) {
  machine_.process(20, 1, "top", 1).command_line = "top --filter leak";
  machine_.reading().own_pid = 20;
  view_.take(machine_.next());
  EXPECT_THAT(names({.filter = "leak"}), ElementsAre("leak"));
  EXPECT_THAT(names({.filter = "top"}), ElementsAre("top"));
}

TEST_F(RowList, InATreeTheAncestorsOfWhatIsPickedStay) {
  EXPECT_THAT(names({.shape = Shape::tree, .filter = "work"}), ElementsAre("init", "└ cache", "  └ worker"));
}

TEST_F(RowList, GroupsAreListedTheSameWay) {
  EXPECT_THAT(names({.shape = Shape::groups, .filter = "e"}),
              ElementsAre("leak", "cache", "worker", "shell"));
}

TEST(RowListTree, ARingOfParentsIsShownAllTheSame) {
  ReadingFixture machine;
  machine.process(5, 6, "a", 1);
  machine.process(6, 5, "b", 2);
  machine.process(7, 7, "own parent", 3);
  MachineView view;
  view.take(machine.next());
  EXPECT_EQ(listed_rows(view, {.shape = Shape::tree}).size(), 3u);
}

TEST(RowListTree, AChainOfThousandsIsBounded) {
  ReadingFixture machine;
  for (int pid = 1; pid <= 5000; ++pid) machine.process(pid, pid - 1, "link", 1);
  MachineView view;
  view.take(machine.next());
  const auto rows = listed_rows(view, {.shape = Shape::tree, .utf8 = false});
  ASSERT_EQ(rows.size(), 5000u);
  EXPECT_LE(rows.back().branch.size(), 60u);
}

TEST(Orders, AMisspeltOneGetsTheNearest) {
  EXPECT_EQ(parse_order("headroom").value(), Order::headroom);
  EXPECT_EQ(parse_order("memry").error().text(), "'memry' is not an order; did you mean 'memory'?");
}

}  // namespace
}  // namespace ullage::top
