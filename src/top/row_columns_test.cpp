// SPDX-License-Identifier: Apache-2.0
#include "top/row_columns.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "run/table.h"
#include "top/machine_view.h"
#include "top/row_list.h"
#include "top/text_line.h"
#include "top/top_fixture.h"

namespace ullage::top {
namespace {

using namespace std::chrono_literals;

std::string title(Order order, std::size_t width) {
  return RowColumns({.order = order}, width).title().text();
}

TEST(ShortBytes, HaveThreeDigitsAndAUnit) {
  EXPECT_EQ(short_bytes(0), "0");
  EXPECT_EQ(short_bytes(999), "999B");
  EXPECT_EQ(short_bytes(1000), "0.98K");
  EXPECT_EQ(short_bytes(1536), "1.50K");
  EXPECT_EQ(short_bytes(20.0 * kMiB), "20.0M");
  EXPECT_EQ(short_bytes(312.0 * kMiB), "312M");
  EXPECT_EQ(short_bytes(-2.5 * kGiB), "-2.50G");
}

TEST(RowColumns, FitEveryWidthAndKeepTheColumnOfTheOrder) {
  RowView row{.pid = 123, .name = "work", .user = "anna", .command = std::string(300, 'x')};
  for (std::size_t width = 1; width <= 240; ++width) {
    const RowColumns columns({.order = Order::headroom}, width);
    EXPECT_EQ(run::display_width(columns.title().text()), width);
    EXPECT_LE(run::display_width(columns.line({&row, ""}).text()), width);
  }
  EXPECT_NE(title(Order::headroom, 40).find("ROOM"), std::string::npos);
  EXPECT_EQ(title(Order::memory, 40).find("ROOM"), std::string::npos);
  EXPECT_NE(title(Order::memory, 200).find("GROUP"), std::string::npos);
}

TEST(RowColumns, TheCommandIsShownWithoutItsFolders) {
  RowView row{.command = "/usr/bin/python3 /srv/x.py"};
  EXPECT_TRUE(RowColumns({}, 80).line({&row, "├ "}).text().ends_with("├ python3 /srv/x.py"));
}

TEST(RowColumns, ADeepBranchLeavesRoomForTheName) {
  RowView row{.command = "work"};
  std::string branch;
  for (int i = 0; i < 40; ++i) branch += "│ ";
  EXPECT_TRUE(RowColumns({}, 80).line({&row, branch + "└ "}).text().ends_with("└ work"));
}

TEST(RowColumns, ASumThatIsABoundIsMarkedAndGrowthHasItsAge) {
  RowView row{.command = "work",
              .used_bytes = 8 * kGiB,
              .is_used_a_bound = true,
              .growth_bytes_per_minute = 3.0 * kMiB,
              .growing_seconds = 754};
  const TextLine line = RowColumns({.order = Order::growth}, 80).line({&row, ""});
  EXPECT_NE(line.text().find(" ≤8.00G  +3.00M 12m 34s "), std::string::npos) << line.text();
  EXPECT_NE(line.in_ascii().text().find(" <8.00G "), std::string::npos);
  EXPECT_NE(title(Order::growth, 80).find(" GROW/m     FOR "), std::string::npos);
}

TEST(RowColumns, WhatIsNotKnownIsBlank) {
  RowView row{.command = "work"};
  const std::string text = RowColumns({}, 200).line({&row, ""}).text();
  EXPECT_EQ(text.find('?'), text.rfind('?'));  // the state
}

Trail trail_of(const std::vector<float>& values, std::chrono::nanoseconds step) {
  Trail trail;
  std::chrono::nanoseconds at{0};
  for (const float value : values)
    trail.push_back({.at = at += step, .used_bytes = value, .cpu_cores = value});
  return trail;
}

TEST(Sparkline, RisesWithTheValues) {
  const Trail trail = trail_of({100, 200, 300, 400, 500, 600}, 10s);
  EXPECT_EQ(sparkline(trail, Order::memory, 60s, 6, true), "▁▂▄▅▇█");
  EXPECT_EQ(sparkline(trail, Order::memory, 60s, 6, false), ".:=+#@");
}

TEST(Sparkline, WhatIsSteadyIsInTheMiddle) {
  EXPECT_EQ(sparkline(trail_of({500, 500, 500}, 20s), Order::memory, 60s, 3, true), "▄▄▄");
}

TEST(Sparkline, ProcessorTimeIsOfACoreAndIdleIsBlank) {
  EXPECT_EQ(sparkline(trail_of({0, 0.5, 1}, 20s), Order::cpu, 60s, 3, true), " ▄█");
}

TEST(Sparkline, ATimeBeforeTheFirstReadingIsBlankAndAGapIsHeld) {
  Trail trail = trail_of({500, 500}, 10s);
  EXPECT_EQ(sparkline(trail, Order::memory, 40s, 6, true), "  ▄▄▄▄");
  EXPECT_EQ(sparkline({}, Order::memory, 40s, 4, true), "    ");
}

TEST(Bar, PartsStandSideBySide) {
  TextLine line(80);
  add_bar(line, std::array{BarPart{0.5, 'u', Tone::good}, BarPart{0.25, 's', Tone::warn}}, 8, false);
  EXPECT_EQ(line.text(), "[uuuuss  ]");
  TextLine full(80);
  add_bar(full, std::array{BarPart{2, 'u', Tone::good}}, 4, true);
  EXPECT_EQ(full.text(), "[■■■■]");
}

TEST(TextLines, AreCutAtTheWidthAndNotInTheMiddleOfALetter) {
  TextLine line(6);
  line.add("日本").add("語x");
  EXPECT_EQ(line.text(), "日本…");
  EXPECT_EQ(line.add("more").used(), 6u);
}

}  // namespace
}  // namespace ullage::top
