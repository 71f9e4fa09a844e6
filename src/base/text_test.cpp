// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string_view>

namespace ullage {
namespace {

TEST(Text, WordsAndFieldsAreTakenOffTheFront) {
  std::string_view rest = "  cpu  12\t34\n";
  EXPECT_EQ(take_word(rest), "cpu");
  EXPECT_EQ(take_word(rest), "12");
  EXPECT_EQ(take_word(rest), "34");
  EXPECT_EQ(take_word(rest), "");
  std::string_view lines = "a:b";
  EXPECT_EQ(take_until(lines, ':'), "a");
  EXPECT_EQ(take_until(lines, ':'), "b");
  EXPECT_TRUE(lines.empty());
}

TEST(Text, ANumberIsAllOfItsTextOrNothing) {
  EXPECT_EQ(to_unsigned("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(to_unsigned("18446744073709551616"), std::nullopt);
  EXPECT_EQ(to_unsigned("12x"), std::nullopt);
  EXPECT_EQ(to_unsigned(""), std::nullopt);
  EXPECT_EQ(to_signed("-5"), -5);
  EXPECT_EQ(to_double("0.25"), 0.25);
}

TEST(Text, TheNearestNameIsASlipAwayNotAGuess) {
  constexpr std::array<std::string_view, 3> verbs = {"run", "runs", "show"};
  EXPECT_EQ(nearest("shwo", verbs), "show");
  EXPECT_EQ(nearest("rnu", verbs), "run");
  EXPECT_EQ(nearest("elephant", verbs), std::nullopt);
  EXPECT_EQ(did_you_mean("shw", verbs), "did you mean 'show'?");
}

TEST(Text, HostileBytesBecomeHarmless) {
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(printable("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "31m"),
            "a\\x9b31m");  // CSI as one C1 control
  EXPECT_EQ(printable("txt.\xE2\x80\xAE"
                      "exe"),
            "txt.\\u202eexe");
  EXPECT_EQ(valid_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(valid_utf8("\xC3"), "\xEF\xBF\xBD");                                  // cut short
}

}  // namespace
}  // namespace ullage
