// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/flame.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "heap/analyze/calls.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"

namespace ullage::heap {
namespace {

FlameTree tree_of(const std::vector<Block>& blocks) {
  const std::vector<Profile> profiles{profile_of(blocks)};
  const Calls calls = join_calls(profiles);
  return flame_tree(calls, amounts_by_node(calls, profiles, {}));
}
std::string text_of(const FlameTree& tree, double ratio_min = 0) {
  std::string text;
  for (const FlameLine& line : flame_lines(tree, ratio_min))
    text += std::string(line.depth * 2, ' ') + (line.is_only_call ? ">" : "") +
            (line.node == 0 ? "+" + std::to_string(line.left_out)
                            : tree.frames[tree.nodes[line.node].frame].function + " " +
                                  std::to_string(std::lround(line.ratio * 100))) +
            "\n";
  return text;
}

const std::vector<Block> kBlocks{{.stack = "main;run;load", .bytes = 60},
                                 {.stack = "main;run;load;parse", .bytes = 20},
                                 {.stack = "main;run;cache", .bytes = 15},
                                 {.stack = "main;run;log", .bytes = 5},
                                 {.stack = "main;gone", .born_seconds = 1, .died_seconds = 2, .bytes = 500}};

TEST(Flame, ACallStandsBelowItsCallerTheLargestFirst) {
  EXPECT_EQ(text_of(tree_of(kBlocks)), "main 100\n>run 100\n  load 80\n  >parse 20\n  cache 15\n  log 5\n");
}

TEST(Flame, SmallCallsAreCountedInsteadOfShown) {
  EXPECT_EQ(text_of(tree_of(kBlocks), 0.1), "main 100\n>run 100\n  load 80\n  >parse 20\n  cache 15\n  +1\n");
}

TEST(Flame, InvertedEachCallerStandsBelowWhatItCalls) {
  const FlameTree tree = inverted(tree_of(kBlocks));
  EXPECT_EQ(tree.all[0].bytes, 100);
  EXPECT_EQ(text_of(tree, 0.1).substr(0, 36), "load 60\n>run 60\n>main 60\nparse 20\n>l");
}

nlohmann::json data_of(const std::vector<Block>& blocks, std::size_t nodes_max) {
  const std::vector<Profile> profiles{profile_of(blocks)};
  const std::vector<FlameMoment> moments{{"exit", {}}, {"allocated", {.measure = Measure::allocated}}};
  return nlohmann::json::parse(flame_data(profiles, moments, nodes_max));
}

std::size_t number_in(const nlohmann::json& numbers, std::size_t at) {
  return numbers[at].get<std::size_t>();
}

TEST(FlameData, SeveralMomentsShareOneTree) {
  const nlohmann::json data = data_of(kBlocks, 100);
  EXPECT_EQ(data["parents"], (nlohmann::json{0, 0, 1, 2, 3, 2, 2, 1}));
  EXPECT_EQ(data["moments"][0]["nodes"], (nlohmann::json{3, 1, 1, 1}));  // differences: 3, 4, 5, 6
  EXPECT_EQ(data["moments"][0]["bytes"], (nlohmann::json{60, 20, 15, 5}));
  EXPECT_EQ(data["moments"][1]["bytes"], (nlohmann::json{60, 20, 15, 5, 500}));
  EXPECT_EQ(data["texts"][number_in(data["functions"], number_in(data["frames"], 3))], "load");
}

TEST(FlameData, WhatTheSmallestCallsHoldGoesToTheirCallers) {
  const nlohmann::json data = data_of(kBlocks, 5);
  EXPECT_LE(data["parents"].size(), 5);
  long long sum = 0;
  for (const auto& bytes : data["moments"][0]["bytes"]) sum += bytes.get<long long>();
  EXPECT_EQ(sum, 100);
}

}  // namespace
}  // namespace ullage::heap
