// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/custom_values.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "metric/series.h"

namespace ullage::sense {
namespace {

std::map<std::string, double> tick_of(const CustomValues& values, const metric::SeriesTable& table) {
  metric::Tick tick;
  values.add_to(tick);
  std::map<std::string, double> by_text;
  for (const metric::Value& value : tick.values) by_text[table.key(value.series).text()] = value.value;
  return by_text;
}

TEST(CustomValues, AGaugeIsItsLastValueAndACounterTheSum) {
  metric::SeriesTable table;
  CustomValues values;
  values.set({"queue_depth", 3, {{"shard", "a"}}}, table);
  values.set({"queue_depth", 5, {{"shard", "a"}}}, table);
  values.add({"rows_total", 500, {}}, table);
  values.add({"rows_total", 20, {}}, table);
  EXPECT_EQ(tick_of(values, table),
            (std::map<std::string, double>{{"ullage_run_custom_gauge{name=\"queue_depth\",shard=\"a\"}", 5},
                                           {"ullage_run_custom_counter{name=\"rows_total\"}", 520}}));
}

TEST(CustomValues, SeriesBeyondTheLimitAreCountedNotKept) {
  metric::SeriesTable table;
  CustomValues values(2);
  values.set({"a", 1, {}}, table);
  values.set({"b", 1, {}}, table);
  values.set({"c", 1, {}}, table);
  values.set({"a", 2, {}}, table);
  EXPECT_EQ(values.size(), 2u);
  EXPECT_EQ(values.dropped(), 1u);
  EXPECT_EQ(table.size(), 2u);
}

}  // namespace
}  // namespace ullage::sense
