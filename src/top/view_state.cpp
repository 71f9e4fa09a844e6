// SPDX-License-Identifier: Apache-2.0
#include "top/view_state.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/text.h"
#include "top/row_list.h"

namespace ullage::top {

namespace {

constexpr std::size_t kFilterMost = 200;  // bytes

void take_last_character(std::string& text) {
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.back());
    text.pop_back();
    if ((byte & 0xC0) != 0x80) return;  // the first of its sequence
  }
}

Answer type(const Key& key, ViewState& state) {
  std::string& filter = state.choice.filter;
  if (key.special == SpecialKey::enter) {
    state.is_typing = false;
  } else if (key.special == SpecialKey::escape) {
    state.is_typing = false;
    filter = state.filter_before;
  } else if (key.special == SpecialKey::backspace) {
    take_last_character(filter);
  } else if (key.special == SpecialKey::none && printable(key.text) == key.text &&
             filter.size() + key.text.size() <= kFilterMost) {
    filter += key.text;
  } else {
    return Answer::nothing;
  }
  state.first_row = 0;
  return Answer::draw;
}

Answer scroll(SpecialKey key, std::size_t page_rows, std::size_t total_rows, ViewState& state) {
  const std::size_t last = total_rows > page_rows ? total_rows - page_rows : 0;
  const std::size_t page = std::max<std::size_t>(page_rows, 2) - 1;
  std::size_t& first = state.first_row;
  first = std::min(first, last);
  switch (key) {
    case SpecialKey::up:
      first -= first > 0 ? 1 : 0;
      break;
    case SpecialKey::down:
      first = std::min(first + 1, last);
      break;
    case SpecialKey::page_up:
      first -= std::min(first, page);
      break;
    case SpecialKey::page_down:
      first = std::min(first + page, last);
      break;
    case SpecialKey::home:
      first = 0;
      break;
    case SpecialKey::end:
      first = last;
      break;
    case SpecialKey::escape:  // the filter goes, and so does the help
      state.choice.filter.clear();
      break;
    case SpecialKey::none:
    case SpecialKey::enter:
    case SpecialKey::backspace:
      return Answer::nothing;
  }
  return Answer::draw;
}

void choose(Order order, ViewState& state) {
  state.choice.order = order;
  state.first_row = 0;
}

void choose(Shape shape, ViewState& state) {
  state.choice.shape = state.choice.shape == shape ? Shape::list : shape;
  state.first_row = 0;
}

Answer press_letter(char letter, ViewState& state) {
  switch (letter) {
    case 'q':
      return Answer::quit;
    case 'm':
      choose(Order::memory, state);
      break;
    case 'g':
      choose(Order::growth, state);
      break;
    case 'c':
      choose(Order::cpu, state);
      break;
    case 'i':
      choose(Order::io, state);
      break;
    case 'h':
      choose(Order::headroom, state);
      break;
    case 't':
      choose(Shape::tree, state);
      break;
    case 'G':
      choose(Shape::groups, state);
      break;
    case 'p':
    case ' ':
      state.is_paused = !state.is_paused;
      break;
    case '/':
      state.is_typing = true;
      state.filter_before = state.choice.filter;
      break;
    case '?':
      state.shows_help = true;
      break;
    default:
      return Answer::nothing;
  }
  return Answer::draw;
}

}  // namespace

Answer press(const Key& key, std::size_t page_rows, std::size_t total_rows, ViewState& state) {
  if (state.shows_help) {  // any key but q closes it
    state.shows_help = false;
    return key.text == "q" ? Answer::quit : Answer::draw;
  }
  if (state.is_typing) return type(key, state);
  if (key.special != SpecialKey::none) return scroll(key.special, page_rows, total_rows, state);
  return key.text.size() == 1 ? press_letter(key.text.front(), state) : Answer::nothing;
}

}  // namespace ullage::top
