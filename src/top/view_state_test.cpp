// SPDX-License-Identifier: Apache-2.0
#include "top/view_state.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "top/row_list.h"

namespace ullage::top {
namespace {

class Keys : public testing::Test {
 protected:
  Answer type(std::string_view letters) {
    Answer answer = Answer::nothing;
    for (const char letter : letters) answer = press({.text = std::string(1, letter)}, 10, 35, state_);
    return answer;
  }
  Answer type(SpecialKey key) { return press({.special = key}, 10, 35, state_); }
  ViewState state_;
};

TEST_F(Keys, ChooseTheOrderAndTheShape) {
  type("g");
  EXPECT_EQ(state_.choice.order, Order::growth);
  type("G");
  EXPECT_EQ(state_.choice.shape, Shape::groups);
  type("t");
  EXPECT_EQ(state_.choice.shape, Shape::tree);
  type("t");
  EXPECT_EQ(state_.choice.shape, Shape::list);
  EXPECT_EQ(type("z"), Answer::nothing);
  EXPECT_EQ(type("q"), Answer::quit);
}

TEST_F(Keys, AFilterIsTypedKeptAndGivenUp) {
  type("/qt");  // no longer commands
  EXPECT_EQ(state_.choice.filter, "qt");
  press({.text = "é"}, 10, 35, state_);
  type(SpecialKey::backspace);
  EXPECT_EQ(state_.choice.filter, "qt");
  type(SpecialKey::enter);
  EXPECT_FALSE(state_.is_typing);
  type("/x");
  type(SpecialKey::escape);
  EXPECT_EQ(state_.choice.filter, "qt");
  type(SpecialKey::escape);
  EXPECT_EQ(state_.choice.filter, "");
}

TEST_F(Keys, ControlCharactersAreNoFilterAndItsLengthIsBounded) {
  type("/");
  EXPECT_EQ(type("\x01"), Answer::nothing);
  type(std::string(1000, 'a'));
  EXPECT_EQ(state_.choice.filter.size(), 200u);
}

TEST_F(Keys, ScrollingEndsAtTheEnds) {
  type(SpecialKey::up);
  EXPECT_EQ(state_.first_row, 0u);
  type(SpecialKey::page_down);
  EXPECT_EQ(state_.first_row, 9u);
  type(SpecialKey::end);
  EXPECT_EQ(state_.first_row, 25u);
  type(SpecialKey::down);
  EXPECT_EQ(state_.first_row, 25u);
  type(SpecialKey::page_up);
  EXPECT_EQ(state_.first_row, 16u);
  type("c");  // another order begins at its top
  EXPECT_EQ(state_.first_row, 0u);
  state_.first_row = 500;  // of a list that was longer
  type(SpecialKey::up);
  EXPECT_EQ(state_.first_row, 24u);
}

TEST_F(Keys, AnyKeyClosesTheHelp) {
  type("?");
  EXPECT_TRUE(state_.shows_help);
  type("m");
  EXPECT_FALSE(state_.shows_help);
  type("?");
  EXPECT_EQ(type("q"), Answer::quit);
}

TEST_F(Keys, PauseIsOnAndOff) {
  type("p");
  EXPECT_TRUE(state_.is_paused);
  type(" ");
  EXPECT_FALSE(state_.is_paused);
}

}  // namespace
}  // namespace ullage::top
