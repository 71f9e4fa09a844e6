// SPDX-License-Identifier: Apache-2.0
// After Prometheus's own model/relabel/relabel_test.go, in cases of our own.
#include "sense/custom/relabel.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <utility>

#include "metric/series.h"

namespace ullage::sense {
namespace {

RelabelRule rule(RelabelAction action, const std::string& regex, RelabelRule rest = {}) {
  rest.action = action;
  auto compiled = compile_relabel_regex(regex);
  EXPECT_TRUE(compiled);
  rest.regex = *std::move(compiled);
  return rest;
}

const metric::Labels kLabels = {{"__name__", "requests_total"}, {"a", "foo"}, {"b", "bar"}, {"tmp_c", "baz"}};

std::string after(const RelabelRule& one) {
  metric::Labels labels = kLabels;
  if (!relabel(std::span(&one, 1), labels)) return "dropped";
  return metric::SeriesKey{"", labels}.text();
}

TEST(Relabel, ReplacesWithWhatTheGroupsMatched) {
  EXPECT_EQ(after(rule(RelabelAction::replace, "f(.*);(?P<rest>b.*)",
                       {.source_labels = {"a", "b"}, .target_label = "d", .replacement = "${1}-$rest-$$"})),
            R"({__name__="requests_total",a="foo",b="bar",d="oo-bar-$",tmp_c="baz"})");
  EXPECT_EQ(after(rule(RelabelAction::replace, "f", {.source_labels = {"a"}, .target_label = "a"})),
            R"({__name__="requests_total",a="foo",b="bar",tmp_c="baz"})")
      << "a match of a part is none";
  EXPECT_EQ(after({.source_labels = {"b"}, .target_label = "__name__"}),
            R"({__name__="bar",a="foo",b="bar",tmp_c="baz"})");
  EXPECT_EQ(after({.source_labels = {"b"}, .target_label = "a", .replacement = ""}),
            R"({__name__="requests_total",b="bar",tmp_c="baz"})");
}

TEST(Relabel, KeepsAndDropsTheWhole) {
  EXPECT_EQ(after(rule(RelabelAction::drop, ".*o", {.source_labels = {"a"}})), "dropped");
  EXPECT_NE(after(rule(RelabelAction::drop, "o", {.source_labels = {"a"}})), "dropped");
  EXPECT_EQ(after(rule(RelabelAction::keep, "o", {.source_labels = {"a"}})), "dropped");
  EXPECT_EQ(after(rule(RelabelAction::keep, "x|", {.source_labels = {"none"}})),
            R"({__name__="requests_total",a="foo",b="bar",tmp_c="baz"})");
}

TEST(Relabel, ComparesLabelsAndChangesTheirLetters) {
  using enum RelabelAction;
  EXPECT_EQ(after({.action = keepequal, .source_labels = {"a"}, .target_label = "b"}), "dropped");
  EXPECT_NE(after({.action = dropequal, .source_labels = {"a"}, .target_label = "b"}), "dropped");
  EXPECT_EQ(after({.action = dropequal, .source_labels = {"a"}, .target_label = "a"}), "dropped");
  EXPECT_EQ(after({.action = uppercase, .source_labels = {"a", "b"}, .target_label = "b"}),
            R"({__name__="requests_total",a="foo",b="FOO;BAR",tmp_c="baz"})");
}

TEST(Relabel, ChoosesAndRenamesLabelsByName) {
  EXPECT_EQ(after(rule(RelabelAction::labeldrop, "tmp_.*|a")), R"({__name__="requests_total",b="bar"})");
  EXPECT_EQ(after(rule(RelabelAction::labelkeep, "__name__|a")), R"({__name__="requests_total",a="foo"})");
  EXPECT_EQ(after(rule(RelabelAction::labelmap, "tmp_(.*)")),
            R"({__name__="requests_total",a="foo",b="bar",c="baz",tmp_c="baz"})");
}

TEST(Relabel, SaysWhyAnExpressionIsNone) {
  const auto wrong = compile_relabel_regex("a(b");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().what, "not a regular expression: missing ): a(b");
}

}  // namespace
}  // namespace ullage::sense
