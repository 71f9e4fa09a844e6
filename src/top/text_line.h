// SPDX-License-Identifier: Apache-2.0
// A line of a screen: pieces of text, each in a tone, cut at the screen's width. Whoever draws it says what a
// tone looks like (escape sequences, curses, nothing), so that no colour is in the text itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "run/table.h"

namespace ullage::top {

enum class Tone : unsigned char { plain, faint, bold, good, warn, bad, title };

class TextLine {
 public:
  struct Piece {
    std::string text;  // safe for a terminal
    Tone tone;
  };

  explicit TextLine(std::size_t width) : width_(width) {}

  // As much of it as still fits.
  TextLine& add(std::string_view text, Tone tone = Tone::plain) {
    std::string fitting = run::cut_to_width(text, width_ - used_);
    used_ += run::display_width(fitting);
    if (!fitting.empty()) pieces_.push_back({std::move(fitting), tone});
    return *this;
  }
  TextLine& gap_to(std::size_t column) {
    if (column > used_) add(std::string(column - used_, ' '));
    return *this;
  }
  // All of it or, where there is no room for that, nothing.
  TextLine& add_whole(std::string_view text, Tone tone = Tone::plain) {
    return run::display_width(text) <= width_ - used_ ? add(text, tone) : *this;
  }
  // To the end of the screen, in the tone.
  TextLine& fill(Tone tone) { return add(std::string(width_ - used_, ' '), tone); }
  // The same for a terminal that knows no more: "~" where it was cut, "?" for each column of another letter.
  TextLine in_ascii() const {
    TextLine line(width_);
    for (const Piece& piece : pieces_) {
      std::string text;
      for (std::string_view rest = piece.text; !rest.empty();) {
        const std::string_view letter = rest.substr(0, std::max<std::size_t>(utf8_length(rest), 1));
        if (letter.size() == 1)
          text += letter;
        else
          text.append(run::display_width(letter), letter == "…" ? '~' : letter == "≤" ? '<' : '?');
        rest.remove_prefix(letter.size());
      }
      line.add(text, piece.tone);
    }
    return line;
  }

  std::size_t used() const { return used_; }
  std::size_t left() const { return width_ - used_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  std::string text() const {
    std::string text;
    for (const Piece& piece : pieces_) text += piece.text;
    return text;
  }

 private:
  std::size_t width_, used_ = 0;
  std::vector<Piece> pieces_;
};

}  // namespace ullage::top
