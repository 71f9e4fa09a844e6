// SPDX-License-Identifier: Apache-2.0
// What the person at the keyboard has chosen to see, and what a key changes of it. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "top/row_list.h"

namespace ullage::top {

struct ViewState {
  RowChoice choice;
  bool is_typing = false;     // a filter
  std::string filter_before;  // that Escape brings back
  bool shows_help = false;
  bool is_paused = false;
  std::size_t first_row = 0;
};

// Keys that are no character.
enum class SpecialKey : unsigned char {
  none,
  up,
  down,
  page_up,
  page_down,
  home,
  end,
  enter,
  escape,
  backspace
};
struct Key {
  SpecialKey special = SpecialKey::none;
  std::string text = {};  // one character in UTF-8
};

enum class Answer : unsigned char { nothing, draw, quit };
// page_rows: how many rows the screen shows, total_rows: how many there are.
Answer press(const Key& key, std::size_t page_rows, std::size_t total_rows, ViewState& state);

}  // namespace ullage::top
