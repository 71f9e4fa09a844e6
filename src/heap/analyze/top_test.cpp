// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/top.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"

namespace ullage::heap {
namespace {

std::vector<Profile> example() {
  return {profile_of(
      {{.stack = "main@app.cpp:9;load@load.cpp:3;std::vector<int>::push_back@vec.h:8;operator new",
        .bytes = 4000,
        .thread = 0},
       {.stack = "main@app.cpp:9;load@load.cpp:3;load@load.cpp:4", .bytes = 1000, .thread = 1},
       {.stack = "main@app.cpp:9;cache@cache.cpp:41", .bytes = 2000, .thread = 1},
       {.stack = "main@app.cpp:9;map", .bytes = 100'000, .kind = AllocationKind::anonymous_mapping}})};
}
std::vector<std::string> names(const Top& top) {
  std::vector<std::string> names;
  for (const TopRow& row : top.rows) names.push_back(row.name);
  return names;
}

TEST(Top, SitesAreNamedAfterWhoCalledTheAllocatorAndTheContainer) {
  const Top top = top_of(example(), {}, By::site);
  EXPECT_EQ(names(top), (std::vector<std::string>{"map", "load", "cache", "load"}));
  EXPECT_EQ(top.rows[1].place, "load.cpp:3");
  EXPECT_EQ(top.rows[1].stack.front().function, "load");
  EXPECT_EQ(top.all.bytes, 107'000);
}

TEST(Top, AFunctionHasWhatItAllocatesAndWhatAllItCallsDo) {
  const Top top = top_of(example(), {}, By::function);
  EXPECT_EQ(names(top), (std::vector<std::string>{"map", "load", "cache", "main"}));
  EXPECT_EQ(top.rows[1].own.bytes, 5000);
  EXPECT_EQ(top.rows[1].with_callees.bytes, 5000);  // once, though it calls itself
  EXPECT_EQ(top.rows[3].own.bytes, 0);
  EXPECT_EQ(top.rows[3].with_callees.bytes, 107'000);
}

TEST(Top, AmountsGoByThreadSizeKindProcessAndModule) {
  EXPECT_EQ(names(top_of(example(), {}, By::thread)), (std::vector<std::string>{"thread 0", "thread 1"}));
  EXPECT_EQ(
      names(top_of(example(), {}, By::size)),
      (std::vector<std::string>{"up to 128 KiB", "up to 4.00 KiB", "up to 2.00 KiB", "up to 1.00 KiB"}));
  EXPECT_EQ(names(top_of(example(), {}, By::kind)), (std::vector<std::string>{"mapped memory", "heap"}));
  EXPECT_EQ(names(top_of(example(), {}, By::process)), (std::vector<std::string>{"100 (example)"}));
  EXPECT_EQ(names(top_of(example(), {}, By::module)), (std::vector<std::string>{"example"}));
}

TEST(Top, TheJsonHasIntervalsAndNoMoreRowsThanAskedFor) {
  const nlohmann::json json = top_json(top_of(example(), {}, By::site), "run-1", 2);
  EXPECT_EQ(json["rows"].size(), 2);
  EXPECT_EQ(json["rows"][1]["bytes"], 4000);
  EXPECT_EQ(json["rows"][1]["interval"], (nlohmann::json{4000, 4000}));
  EXPECT_EQ(json["rows"][1]["stack"][0]["line"], 3);
  EXPECT_EQ(json["is_exact"], true);
}

}  // namespace
}  // namespace ullage::heap
