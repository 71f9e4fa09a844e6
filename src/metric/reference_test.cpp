// SPDX-License-Identifier: Apache-2.0
// docs/reference/metrics.md is the table of descriptors; ULLAGE_RENEW=1 writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/file.h"
#include "metric/descriptor.h"

namespace ullage::metric {
namespace {

constexpr const char* kPage = "docs/reference/metrics.md";

std::string cell(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '<') plain += '\\';  // no tag of HTML
    plain += c;
  }
  return plain.empty() ? "–" : plain;
}

std::string page() {
  std::string text =
      "# Metrics\n\n"
      "Names of the host are node_exporter's, of cgroups cAdvisor's; what is Ullage's own starts with "
      "`ullage_`. This page is made "
      "from the table in `src/metric/descriptor.cpp`. A `*` stands for what the kernel or the hardware "
      "names.\n\n"
      "| metric | kind | unit | labels | meaning |\n|---|---|---|---|---|\n";
  for (const Descriptor& metric : descriptors())
    text += "| `" + std::string(metric.name) + "` | " + (metric.kind == Kind::gauge ? "gauge" : "counter") +
            " | " + cell(metric.unit) + " | " + cell(metric.labels) + " | " + cell(metric.help) + " |\n";
  return text;
}

TEST(MetricsReference, IsTheTableOfDescriptors) {
  if (std::getenv("ULLAGE_RENEW") != nullptr) {
    ASSERT_TRUE(replace_file(kPage, page()));
  }
  EXPECT_EQ(read_file(kPage).value_or(""), page());
}

}  // namespace
}  // namespace ullage::metric
