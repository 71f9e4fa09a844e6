// SPDX-License-Identifier: Apache-2.0
#include "top/terminal_screen.h"

// Without its macros, which would take names such as `erase` and `timeout` from everybody else.
#define NCURSES_NOMACROS 1  // NOLINT(readability-identifier-naming)
#define NCURSES_WIDECHAR 1  // NOLINT(readability-identifier-naming)
#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "top/screen_text.h"
#include "top/text_line.h"
#include "top/view_state.h"

namespace ullage::top {

namespace {

constexpr int kEscapeMs = 25;  // what comes within this time of an Escape is a key of the keyboard's
constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// What a handler of a crash needs, where it may read it: nothing else may be called there.
struct Restoration {
  termios settings;
  std::array<char, 256> text;  // leaves the screen, shows the cursor
  std::size_t length;
};
Restoration restoration;

extern "C" void restore_and_crash(int signal) {
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, restoration.text.data(), restoration.length);
  ::tcsetattr(STDOUT_FILENO, TCSANOW, &restoration.settings);
  ::raise(signal);  // as it would have been: the handler is there for one signal only
}

void append_capability(const char* name) {
  char* const text = ::tigetstr(name);
  if (text == nullptr || text == reinterpret_cast<char*>(-1)) return;
  const std::size_t length = std::strlen(text);
  if (restoration.length + length > restoration.text.size()) return;
  std::memcpy(restoration.text.data() + restoration.length, text, length);
  restoration.length += length;
}

class CrashGuard {
 public:
  explicit CrashGuard(const termios& settings) {
    restoration = {.settings = settings, .text = {}, .length = 0};
    for (const char* name : {"sgr0", "rmcup", "cnorm"}) append_capability(name);
    struct sigaction restore = {};
    restore.sa_handler = restore_and_crash;
    restore.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    for (std::size_t i = 0; i < kCrashes.size(); ++i) ::sigaction(kCrashes[i], &restore, &before_[i]);
  }
  ~CrashGuard() {
    for (std::size_t i = 0; i < kCrashes.size(); ++i) ::sigaction(kCrashes[i], &before_[i], nullptr);
  }
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;

 private:
  std::array<struct sigaction, kCrashes.size()> before_{};
};

// curses ignores Ctrl-Z while it writes, and so a key pressed then would be lost; one that is blocked is not
// ignored but comes afterwards.
class SuspensionLater {
 public:
  SuspensionLater() {
    sigset_t stop;
    ::sigemptyset(&stop);
    ::sigaddset(&stop, SIGTSTP);
    ::pthread_sigmask(SIG_BLOCK, &stop, &before_);
  }
  ~SuspensionLater() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SuspensionLater(const SuspensionLater&) = delete;
  SuspensionLater& operator=(const SuspensionLater&) = delete;

 private:
  sigset_t before_{};
};

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string as_utf8(wint_t letter) {
  const auto point = static_cast<char32_t>(letter);
  const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000)
    return {byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F))};
  return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)), byte(0x80 | (point >> 6 & 0x3F)),
          byte(0x80 | (point & 0x3F))};
}

SpecialKey special_key(wint_t code) {
  switch (code) {
    case KEY_UP:
      return SpecialKey::up;
    case KEY_DOWN:
      return SpecialKey::down;
    case KEY_PPAGE:
      return SpecialKey::page_up;
    case KEY_NPAGE:
      return SpecialKey::page_down;
    case KEY_HOME:
      return SpecialKey::home;
    case KEY_END:
      return SpecialKey::end;
    case KEY_ENTER:
      return SpecialKey::enter;
    case KEY_BACKSPACE:
    case KEY_DC:
      return SpecialKey::backspace;
    default:
      return SpecialKey::none;
  }
}

Key key_of_letter(wint_t letter) {
  switch (letter) {
    case L'\r':
    case L'\n':
      return {SpecialKey::enter, {}};
    case 0x1B:
      return {SpecialKey::escape, {}};
    case 0x08:
    case 0x7F:
      return {SpecialKey::backspace, {}};
    default:
      return {SpecialKey::none, as_utf8(letter)};
  }
}

enum Pair : short { good_pair = 1, warn_pair, bad_pair };

attr_t attributes_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
    case Tone::good:
    case Tone::warn:
      return A_NORMAL;
    case Tone::faint:
      return A_DIM;
    case Tone::bold:
    case Tone::bad:
      return A_BOLD;
    case Tone::title:
      return A_REVERSE;
  }
  return A_NORMAL;
}

short pair_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return good_pair;
    case Tone::warn:
      return warn_pair;
    case Tone::bad:
      return bad_pair;
    case Tone::plain:
    case Tone::faint:
    case Tone::bold:
    case Tone::title:
      return 0;
  }
  return 0;
}

// So that curses reads and writes letters beyond ASCII; only that of the locale, not its numbers.
void choose_letters(bool utf8) {
  const auto holds_utf8 = [] { return MB_CUR_MAX > 1; };
  std::setlocale(LC_CTYPE, "");
  if (utf8 && !holds_utf8()) std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

struct TerminalScreen::Impl {
  std::unique_ptr<std::FILE, FileCloser> own_input;
  int input_fd = STDIN_FILENO;
  SCREEN* screen = nullptr;
  bool colour = false;
  std::optional<CrashGuard> guard;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (screen == nullptr) return;
    guard.reset();
    ::endwin();
    ::delscreen(screen);
  }
};

TerminalScreen::TerminalScreen(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TerminalScreen::TerminalScreen(TerminalScreen&&) noexcept = default;
TerminalScreen& TerminalScreen::operator=(TerminalScreen&&) noexcept = default;
TerminalScreen::~TerminalScreen() = default;

Result<TerminalScreen> TerminalScreen::open(Options options) {
  choose_letters(options.utf8);
  auto impl = std::make_unique<Impl>();
  std::FILE* input = stdin;
  if (::isatty(STDIN_FILENO) != 1) {
    impl->own_input.reset(std::fopen("/dev/tty", "re"));
    if (!impl->own_input) return fail_errno("there is no terminal to type at", "/dev/tty", errno);
    input = impl->own_input.get();
    impl->input_fd = ::fileno(input);
  }
  termios settings{};
  ::tcgetattr(STDOUT_FILENO, &settings);
  impl->screen = ::newterm(nullptr, stdout, input);
  if (impl->screen == nullptr)
    return fail("this kind of terminal is not known", "TERM", "--once prints a page instead");
  impl->guard.emplace(settings);
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, true);
  ::nodelay(stdscr, true);
  ::set_escdelay(kEscapeMs);
  ::curs_set(0);
  ::leaveok(stdscr, true);
  impl->colour = options.colour && ::has_colors();
  if (impl->colour) {
    ::start_color();
    ::use_default_colors();
    ::init_pair(good_pair, COLOR_GREEN, -1);
    ::init_pair(warn_pair, COLOR_YELLOW, -1);
    ::init_pair(bad_pair, COLOR_RED, -1);
  }
  return TerminalScreen(std::move(impl));
}

int TerminalScreen::fd() const { return impl_->input_fd; }

ScreenSize TerminalScreen::size() const {
  return {.width = static_cast<std::size_t>(std::max(1, ::getmaxx(stdscr))),
          .height = static_cast<std::size_t>(std::max(1, ::getmaxy(stdscr)))};
}

void TerminalScreen::draw(const Screen& screen) {
  ::werase(stdscr);
  int row = 0;
  for (const TextLine& line : screen.lines) {
    ::wmove(stdscr, row++, 0);
    for (const TextLine::Piece& piece : line.pieces()) {
      const short pair = impl_->colour ? pair_of(piece.tone) : short{0};
      ::wattr_set(stdscr, attributes_of(piece.tone), pair, nullptr);
      ::waddnstr(stdscr, piece.text.data(), static_cast<int>(piece.text.size()));
    }
  }
  ::wattr_set(stdscr, A_NORMAL, 0, nullptr);
  const SuspensionLater later;
  ::wrefresh(stdscr);
}

std::vector<Key> TerminalScreen::keys() {
  std::vector<Key> keys;
  wint_t letter = 0;
  for (int kind = ::wget_wch(stdscr, &letter); kind != ERR; kind = ::wget_wch(stdscr, &letter)) {
    const Key key = kind == KEY_CODE_YES ? Key{special_key(letter), {}} : key_of_letter(letter);
    if (key.special != SpecialKey::none || !key.text.empty()) keys.push_back(key);
  }
  return keys;
}

bool TerminalScreen::is_gone() const {
  pollfd input{.fd = impl_->input_fd, .events = 0, .revents = 0};
  return ::poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void TerminalScreen::renew_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
  ::resize_term(size.ws_row, size.ws_col);
  ::wclear(stdscr);
}

}  // namespace ullage::top
