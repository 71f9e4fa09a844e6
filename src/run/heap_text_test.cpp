// SPDX-License-Identifier: Apache-2.0
#include "run/heap_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "heap/analyze/calls.h"
#include "heap/analyze/compare.h"
#include "heap/analyze/flame.h"
#include "heap/analyze/profile_fixture.h"
#include "heap/analyze/top.h"
#include "heap/analyze/verdicts.h"
#include "heap/profile.h"
#include "run/show_text.h"

namespace ullage::run {
namespace {

using heap::Block;

const ShowLook kPlain{.style = {false}, .width = 100, .utf8 = true};

std::vector<heap::Profile> leaking() {
  std::vector<Block> blocks{{.stack = "main@app.cpp:9;init@app.cpp:3", .born_seconds = 0.1, .bytes = 5000}};
  for (int i = 0; i < 600; ++i)
    blocks.push_back({.stack = "main@app.cpp:9;serve@app.cpp:20;remember@cache.cpp:41;operator new",
                      .born_seconds = i / 10.0,
                      .bytes = 1024});
  for (int i = 0; i < 50; ++i)
    blocks.push_back({.stack = "main@app.cpp:9;fill@pool.cpp:7", .born_seconds = 0.2 * i, .bytes = 512});
  blocks.push_back(
      {.stack = "main@app.cpp:9;forget@app.cpp:50", .born_seconds = 30, .bytes = 77, .is_lost = true});
  return {heap::profile_of(blocks)};
}

TEST(HeapTopText, NamesSitesByWhoIsToBlameAndWhoCalled) {
  EXPECT_EQ(heap_top_text(heap::top_of(leaking(), {}, heap::By::site), 2, kPlain),
            "Live: 630 KiB in 652 blocks, counted exactly\n"
            "     bytes  blocks  allocated by  where         called by\n"
            "   600 KiB     600  remember      cache.cpp:41  serve ← main\n"
            "  25.0 KiB      50  fill          pool.cpp:7    main\n"
            "  and 2 more\n");
}

TEST(HeapLeaksText, SaysWhatGrowsWhatIsLostAndWhatIsNothingToDo) {
  const std::string text = heap_leaks_text(heap::judge(leaking(), 1e6), 5, kPlain);
  EXPECT_NE(text.find("growing   remember  cache.cpp:41\n"), std::string::npos) << text;
  EXPECT_NE(text.find("called by serve ← main"), std::string::npos) << text;
  EXPECT_NE(text.find("lost      forget  app.cpp:50\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Settled: "), std::string::npos) << text;
  EXPECT_NE(text.find("Kept: "), std::string::npos) << text;
  EXPECT_LT(text.find("growing"), text.find("lost "));
}

TEST(HeapLeaksText, OfACalmProgramSaysThatNothingGrows) {
  const std::vector<heap::Profile> calm{heap::profile_of({{.born_seconds = 1, .bytes = 64}})};
  EXPECT_EQ(heap_leaks_text(heap::judge(calm), 5, kPlain).substr(0, 35),
            "Nothing grows and nothing is lost.\n");
}

TEST(HeapFlameText, IsATreeWithParts) {
  const std::vector<heap::Profile> profiles = leaking();
  const heap::Calls calls = heap::join_calls(profiles);
  const std::string text =
      heap_flame_text(heap::flame_tree(calls, heap::amounts_by_node(calls, profiles, {})), kPlain);
  EXPECT_EQ(text.substr(0, 34), "100 %    630 KiB  main  app.cpp:9\n") << text;
  EXPECT_NE(text.find("↳ remember  cache.cpp:41"), std::string::npos) << text;
  EXPECT_NE(text.find("… 2 smaller"), std::string::npos) << text;
}

TEST(HeapComparisonText, HasTheSureChangesAndCountsTheOthers) {
  std::vector<Block> more(2000, {.stack = "main;load", .bytes = 64});
  const std::vector<Block> less(500, {.stack = "main;load", .bytes = 64});
  const std::vector<Block> same(300, {.stack = "main;keep", .bytes = 64});
  std::vector<Block> first = less, second = more;
  first.insert(first.end(), same.begin(), same.end());
  second.insert(second.end(), same.begin(), same.end());
  const std::vector<heap::Profile> before{heap::profile_of(first, {.mean_bytes = 512, .seed = 1})};
  const std::vector<heap::Profile> after{heap::profile_of(second, {.mean_bytes = 512, .seed = 2})};
  const std::string text = heap_comparison_text(heap::compare_heaps(before, after, {}), 5, kPlain);
  EXPECT_NE(text.find("load"), std::string::npos) << text;
  EXPECT_EQ(text.find("keep"), std::string::npos) << text;
  EXPECT_NE(text.find("1 more may be chance"), std::string::npos) << text;
}

}  // namespace
}  // namespace ullage::run
