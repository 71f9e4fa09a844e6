// SPDX-License-Identifier: Apache-2.0
#include "query/function_table.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "query/ast.h"
#include "query/parser.h"
#include "query/printer.h"

namespace ullage::query {
namespace {

TEST(FunctionTable, HasPrometheusFunctionsByName) {
  const FunctionTable table;
  ASSERT_NE(table.find("rate"), nullptr);
  EXPECT_EQ(table.find("rate")->arguments, std::vector{ValueType::matrix});
  EXPECT_EQ(table.find("scalar")->result, ValueType::scalar);
  EXPECT_EQ(table.find("info"), nullptr);
  EXPECT_EQ(table.find(""), nullptr);
  EXPECT_EQ(table.find("zzz"), nullptr);
}

TEST(FunctionTable, TakesFunctionsOfOthers) {
  const std::array extra = {Function{"ullage_forecast", {ValueType::matrix, ValueType::scalar}, 1},
                            Function{"info", {ValueType::scalar}, 0, ValueType::scalar}};
  const FunctionTable table(extra);
  const auto tree = parse("ullage_forecast(x[1h]) + info(1)", table);
  ASSERT_TRUE(tree) << tree.error().text();
  EXPECT_EQ(print(**tree), "ullage_forecast(x[1h]) + info(1)");
  EXPECT_FALSE(parse("ullage_forecast(x[1h])", FunctionTable()));
}

TEST(FunctionTable, AnExtraFunctionTakesABuiltInsPlace) {
  const std::array extra = {Function{"rate", {ValueType::vector}}};
  const FunctionTable table(extra);
  EXPECT_TRUE(parse("rate(x)", table));
  EXPECT_FALSE(parse("rate(x[5m])", table));
  EXPECT_EQ(table.functions().size(), built_in_functions().size());
}

}  // namespace
}  // namespace ullage::query
