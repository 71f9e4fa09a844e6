// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "web_assets/dashboard_page.h"
#include "web_assets/report_page.h"

namespace ullage {
namespace {

TEST(ReportPage, HasOnePlaceForTheData) {
  const std::string_view page = web_assets::report_page();
  const auto first = page.find(web_assets::kDataPlaceholder);
  ASSERT_NE(first, std::string_view::npos);
  EXPECT_EQ(page.find(web_assets::kDataPlaceholder, first + 1), std::string_view::npos);
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
}

TEST(ReportPage, IsSmallAndNamesNoAddressToFetchFrom) {
  const std::string_view page = web_assets::report_page();
  EXPECT_LE(page.size(), 400u * 1024);
  for (const std::string_view fetch : {"src=\"http", "href=\"http", "url(http", "@import"})
    EXPECT_EQ(page.find(fetch), std::string_view::npos) << fetch;
}

TEST(DashboardPage, IsPackedAndSmall) {
  const std::string_view page = web_assets::dashboard_page();
  EXPECT_TRUE(page.starts_with("\x1f\x8b"));
  EXPECT_LE(page.size(), 80u * 1024);
}

// The page prints sizes and durations itself (web/src/data/units.ts); its tests read the same file.
TEST(ReportPage, UnitsReadAsTheProgramPrintsThem) {
  std::ifstream file("web/testdata/units.json");
  const auto vectors = nlohmann::json::parse(file);
  for (const auto& [value, text] : vectors.at("bytes").get<std::vector<std::pair<double, std::string>>>())
    EXPECT_EQ(format_bytes(value), text) << value;
  for (const auto& [value, text] : vectors.at("durations").get<std::vector<std::pair<double, std::string>>>())
    EXPECT_EQ(format_duration(value), text) << value;
  for (const auto& [value, text] : vectors.at("ratios").get<std::vector<std::pair<double, std::string>>>())
    EXPECT_EQ(format_ratio(value), text) << value;
}

}  // namespace
}  // namespace ullage
