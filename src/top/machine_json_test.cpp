// SPDX-License-Identifier: Apache-2.0
#include "top/machine_json.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "top/machine_view.h"
#include "top/top_fixture.h"

namespace ullage::top {
namespace {

using nlohmann::json;

std::set<std::string> keys(const json& value) {
  std::set<std::string> names;
  const json flat = value.flatten();
  for (const auto& [name, unused] : flat.items()) names.insert(name);
  return names;
}

TEST(MachineJson, HasTheKeysOfItsDocument) {
  std::ifstream file("docs/formats/top-json.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const std::size_t begin = page.find("```json") + 7;
  const json documented = json::parse(page.substr(begin, page.find("```", begin) - begin));

  ReadingFixture machine;
  machine.process(1, 0, "init", 5);
  MachineView view;
  view.hear({.version = "0.1.0", .runs = {{.id = "a", .phases = {"epoch"}}}});
  view.take(machine.next());
  view.take(machine.next());
  EXPECT_EQ(keys(machine_json(view, {}, 10)), keys(documented));
}

TEST(MachineJson, WhatIsNotKnownIsNullAndRowsAreBounded) {
  ReadingFixture machine;
  for (int pid = 1; pid <= 9; ++pid) machine.process(pid, 0, "work" + std::to_string(pid), pid);
  MachineView view;
  view.take(machine.next());
  const json object = machine_json(view, {.filter = "work"}, 3);
  EXPECT_TRUE(object["host"]["cpu_cores_by_mode"].is_null());
  EXPECT_TRUE(object["processes"][0]["headroom_bytes"].is_null());
  EXPECT_EQ(object["processes"].size(), 3u);
  EXPECT_EQ(object["processes"][0]["pid"], 9);
  EXPECT_EQ(object["groups"].size(), 3u);
}

}  // namespace
}  // namespace ullage::top
