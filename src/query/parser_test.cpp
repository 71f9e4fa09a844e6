// SPDX-License-Identifier: Apache-2.0
#include "query/parser.h"

#include <gtest/gtest.h>

#include "query/printer.h"

namespace ullage::query {
namespace {

TEST(Parser, ReadsWhatItPrints) {
  const FunctionTable functions;
  const auto tree = parse("sum by(job)(rate(x{b='2',a!~\"c\"}[300] offset 1m)) / 2^-3", functions);
  ASSERT_TRUE(tree) << tree.error().text();
  EXPECT_EQ(print(**tree), R"(sum by (job) (rate(x{a!~"c",b="2"}[5m] offset 1m)) / 2 ^ -3)");
}

}  // namespace
}  // namespace ullage::query
