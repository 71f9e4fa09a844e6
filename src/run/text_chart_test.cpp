// SPDX-License-Identifier: Apache-2.0
#include "run/text_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/units.h"

namespace ullage::run {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kMiB = 1024.0 * 1024;

TextChart ramp() {
  TextChart chart;
  chart.title = "Used memory";
  for (std::int64_t i = 0; i <= 40; ++i)
    chart.samples.push_back({i * 250, static_cast<double>(i) * 10 * kMiB});
  chart.begin_ms = 0;
  chart.end_ms = 10'000;
  chart.format = format_bytes;
  chart.limit_text = "limit 512 MiB";
  return chart;
}

TEST(TextChart, DrawsACurveUnderItsLimit) {
  TextChart chart = ramp();
  chart.limit = 512 * kMiB;
  chart.marks = {{0, "load"}, {5000, "train"}};
  EXPECT_EQ(chart_text(chart, {.width = 54, .height = 4, .utf8 = true, .style = {}}),
            "Used memory, limit 512 MiB\n"
            "     512 MiB ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▁\n"
            "                                        ▁▂▂▃▃▄▅▅▆▇▇██\n"
            "     256 MiB               ▁▁▂▃▃▄▅▅▆▆▇███████████████\n"
            "              ▁▁▂▃▃▄▄▅▆▆▇████████████████████████████\n"
            "             0 s              5.00 s           10.0 s\n"
            "             │load               │train\n");
}

TEST(TextChart, PlainWhereTheTerminalIsPlain) {
  TextChart chart = ramp();
  chart.limit = 512 * kMiB;
  chart.marks = {{0, "load"}, {5000, "train"}};
  const std::string text = chart_text(chart, {.width = 54, .height = 4, .utf8 = false, .style = {}});
  for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
  EXPECT_THAT(text, HasSubstr("|load               |train\n"));
}

TEST(TextChart, TheAxisMayTellMoments) {
  TextChart chart = ramp();
  chart.format_time = [](std::int64_t time_ms) { return "12:00:" + std::to_string(10 + time_ms / 1000); };
  EXPECT_THAT(chart_text(chart, {.width = 54, .height = 4, .utf8 = true, .style = {}}),
              HasSubstr("             12:00:10        12:00:15        12:00:20\n"));
}

TEST(TextChart, ALimitFarAboveIsSaidAndNotDrawn) {
  TextChart chart = ramp();
  chart.limit = 64 * 1024 * kMiB;
  const std::string text = chart_text(chart, {.width = 54, .height = 4, .utf8 = true, .style = {}});
  EXPECT_THAT(text, HasSubstr("limit 512 MiB (above the picture)"));
  EXPECT_THAT(text, Not(HasSubstr("┄")));
}

TEST(TextChart, ARateSpeaksOfTheTimeBeforeIt) {
  TextChart chart = ramp();
  chart.samples = {{5000, 2}, {10'000, 0}};
  chart.fold = TextChart::Fold::average;
  chart.format = [](double value) { return std::to_string(static_cast<int>(value)); };
  EXPECT_THAT(chart_text(chart, {.width = 34, .height = 2, .utf8 = true, .style = {}}),
              HasSubstr("██████████\n"));
}

TEST(TextChart, NothingToDraw) {
  TextChart chart = ramp();
  chart.samples.clear();
  EXPECT_EQ(chart_text(chart, {}), "");
  chart.samples = {{0, 0}};  // one sample, of nothing, in no time
  chart.end_ms = 0;
  EXPECT_NE(chart_text(chart, {}), "");
}

TEST(TextChart, MarksCannotBreakIt) {
  TextChart chart = ramp();
  chart.marks = {{-5, "a\nb\x1b[2J"}, {99'999, "late"}};
  const std::string text = chart_text(chart, {.width = 54, .height = 4, .utf8 = true, .style = {}});
  EXPECT_THAT(text, HasSubstr("│a\\x0ab\\x1b[2J"));
}

}  // namespace
}  // namespace ullage::run
