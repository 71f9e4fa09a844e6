// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroup_identity.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

namespace ullage::sense {
namespace {

std::string text_of(const CgroupIdentity& identity) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : " ") + std::string(name) + "=" + value;
  };
  add("runtime", identity.runtime);
  add("container", std::string(short_container(identity.container)));
  add("pod", identity.pod_uid);
  add("slurm", identity.slurm_job);
  add("unit", identity.unit);
  if (identity.is_below_container) text += " below";
  return text.empty() ? "-" : text;
}

// Each line of the list: path, two blanks or more, what it is. ID64 stands for an id of 64 digits.
TEST(CgroupIdentity, KnowsThePathsOfUnitsContainersPodsAndJobs) {
  std::ifstream list("tests/fixtures/cgroup_paths.txt");
  ASSERT_TRUE(list);
  constexpr std::string_view kPlaceholder = "ID64";
  std::string line;
  std::size_t count = 0;
  while (std::getline(list, line)) {
    if (line.empty() || line.starts_with('#')) continue;
    for (std::size_t at; (at = line.find(kPlaceholder)) != std::string::npos;)
      line.replace(at, kPlaceholder.size(), "1a2b3c4d5e6f" + std::string(52, '7'));
    const std::size_t gap = line.find("  ");
    ASSERT_NE(gap, std::string::npos) << line;
    const std::string path = line.substr(0, gap);
    const std::string expected = line.substr(line.find_first_not_of(' ', gap));
    EXPECT_EQ(text_of(identify_cgroup(path)), expected) << path;
    ++count;
  }
  EXPECT_GE(count, 40u);
}

TEST(CgroupIdentity, ANameIsNotShortened) {
  EXPECT_EQ(short_container("a-container-with-a-long-name"), "a-container-with-a-long-name");
}

}  // namespace
}  // namespace ullage::sense
