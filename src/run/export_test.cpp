// SPDX-License-Identifier: Apache-2.0
#include "run/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ios>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "metric/series.h"
#include "run/example_record.h"
#include "run/series_view.h"

namespace ullage::run {
namespace {

const std::vector<metric::SeriesKey> kKeys = {
    {"ullage_run_used_bytes", {}},
    {"ullage_process_resident_bytes", {{"name", "a \"b\", c\n\xff"}, {"pid", "7"}}}};
const std::vector<metric::Tick> kTicks = {{kExampleStartMs, {{0, 1024}, {1, 0.1}}},
                                          {kExampleStartMs + 20, {{0, 1e300}}}};

std::string exported(ExportFormat format) {
  std::ostringstream out;
  EXPECT_TRUE(export_series(view_of(kKeys, kTicks), format, out));
  return out.str();
}

TEST(Export, CsvQuotesWhatItMust) {
  EXPECT_EQ(exported(ExportFormat::csv),
            "time,series,labels,value\n"
            "2026-11-24T06:40:12.345Z,ullage_run_used_bytes,,1024\n"
            "2026-11-24T06:40:12.345Z,ullage_process_resident_bytes,"
            "\"name=\"\"a \\\"\"b\\\"\", c\\n\xEF\xBF\xBD\"\",pid=\"\"7\"\"\",0.1\n"
            "2026-11-24T06:40:12.365Z,ullage_run_used_bytes,,1e+300\n");
}

TEST(Export, JsonLinesAreEachAnObject) {
  std::istringstream lines(exported(ExportFormat::jsonl));
  std::vector<nlohmann::json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1]["name"], "ullage_process_resident_bytes");
  EXPECT_EQ(rows[1]["labels"]["name"], "a \"b\", c\n\xEF\xBF\xBD");
  EXPECT_EQ(rows[1]["value"], 0.1);
  EXPECT_EQ(rows[2]["time"], "2026-11-24T06:40:12.365Z");
}

TEST(Export, AFullDiskIsAnError) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  EXPECT_FALSE(export_series(view_of(kKeys, kTicks), ExportFormat::csv, out));
}

TEST(Export, KnowsItsFormats) {
  EXPECT_TRUE(parse_export_format("csv"));
  EXPECT_FALSE(parse_export_format("xml"));
}

}  // namespace
}  // namespace ullage::run
