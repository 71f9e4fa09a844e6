// SPDX-License-Identifier: Apache-2.0
#include "run/table.h"

#include <gtest/gtest.h>

namespace ullage::run {
namespace {

Table example() {
  return {{{"name", false, true}, {"peak", true}}, {{"train", "1.20 GiB"}, {"a-name-that-is-long", "3 MiB"}}};
}

TEST(Table, FitsItsColumnsToWhatIsInThem) {
  EXPECT_EQ(table_text(example(), {}, 0),
            "name                     peak\n"
            "train                1.20 GiB\n"
            "a-name-that-is-long     3 MiB\n");
}

TEST(Table, GivesWayToTheTerminal) {
  EXPECT_EQ(table_text(example(), {}, 20),
            "name            peak\n"
            "train       1.20 GiB\n"
            "a-name-th…     3 MiB\n");
}

TEST(Table, CellsCannotBreakIt) {
  const Table table{{{"name"}}, {{"a\nb\x1b[2J|<b>`x`"}}};
  EXPECT_EQ(table_text(table, {}, 0), "name\na\\x0ab\\x1b[2J|<b>`x`\n");
  EXPECT_EQ(table_markdown(table), "| name |\n| --- |\n| a\\\\x0ab\\\\x1b\\[2J\\|\\<b>\\`x\\` |\n");
}

TEST(Width, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("größe"), 5u);
  EXPECT_EQ(display_width("訓練"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(cut_to_width("訓練訓練", 5), "訓練…");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

}  // namespace
}  // namespace ullage::run
