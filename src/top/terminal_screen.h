// SPDX-License-Identifier: Apache-2.0
// The terminal as a full screen (ncurses): draws lines, takes keys, and leaves the terminal as it found it,
// also when the program is killed or crashes. At most one at a time. One thread.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "top/screen_text.h"
#include "top/view_state.h"

namespace ullage::top {

class TerminalScreen {
 public:
  struct Options {
    bool colour = false;
    bool utf8 = false;
  };
  // Standard output must be a terminal; keys come from standard input or, where that is none, from /dev/tty.
  // Fails when the terminal is of a kind that is not known or cannot move its cursor.
  static Result<TerminalScreen> open(Options options);
  TerminalScreen(TerminalScreen&&) noexcept;
  TerminalScreen& operator=(TerminalScreen&&) noexcept;
  ~TerminalScreen();

  int fd() const;  // readable when a key was typed
  ScreenSize size() const;
  void draw(const Screen& screen);
  std::vector<Key> keys();  // typed since the last call
  bool is_gone() const;     // the window was closed, the connection was lost
  void renew_size();        // after SIGWINCH

 private:
  struct Impl;
  explicit TerminalScreen(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::top
