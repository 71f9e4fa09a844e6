// SPDX-License-Identifier: Apache-2.0
#include "top/live_view.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/os_root.h"
#include "base/result.h"
#include "daemon/own_signals.h"
#include "top/daemon_link.h"
#include "top/machine_reader.h"
#include "top/machine_view.h"
#include "top/screen_text.h"
#include "top/terminal_screen.h"
#include "top/view_state.h"

namespace ullage::top {

namespace {

// Rates need two readings: the second comes soon.
constexpr std::chrono::nanoseconds kSecondReading = std::chrono::milliseconds(400);
// Growth and runs change slowly.
constexpr std::chrono::nanoseconds kAskEvery = std::chrono::seconds(4);

class Live {
 public:
  Live(EventLoop& loop, TerminalScreen& terminal, const OsRoot& root, const Clock& clock,
       const LiveOptions& options)
      : loop_(loop),
        terminal_(terminal),
        clock_(clock),
        reader_(root, clock),
        daemon_(options.daemon_socket),
        interval_(options.interval),
        state_(options.state) {}

  void begin() {
    keys_ = loop_.on_readable(terminal_.fd(), [this] { take_keys(); });
    look();
  }

  void on_signal(int signal) {
    if (signal != SIGWINCH) return loop_.stop();
    terminal_.renew_size();
    draw();
  }

  Result<void> result() { return failure_ ? Result<void>(fail(*std::move(failure_))) : Result<void>(); }

 private:
  void look() {
    if (!state_.is_paused) {
      auto reading = reader_.read();
      if (!reading) {
        failure_ = std::move(reading).error();
        return loop_.stop();
      }
      ask_daemon(*reading);
      view_.take(*reading);
      draw();
    }
    const auto delay = view_.readings() < 2 ? std::min(kSecondReading, interval_) : interval_;
    next_ = loop_.after(delay, [this] { look(); });
  }

  void ask_daemon(const MachineReading& reading) {
    if (asked_ && reading.at < *asked_ + kAskEvery) return;
    auto word = daemon_.ask(asked_ ? DaemonLink::About::present : DaemonLink::About::all, clock_.wall_ms());
    asked_ = reading.at;
    if (word)
      view_.hear(*std::move(word));
    else
      view_.hear_nothing();
  }

  void draw() {
    screen_ = screen_of(view_, state_, terminal_.size());
    terminal_.draw(screen_);
  }

  void take_keys() {
    const auto keys = terminal_.keys();
    if (keys.empty() && terminal_.is_gone()) return loop_.stop();
    bool is_changed = false;
    for (const Key& key : keys) {
      const Answer answer = press(key, screen_.page_rows, screen_.total_rows, state_);
      if (answer == Answer::quit) return loop_.stop();
      is_changed |= answer == Answer::draw;
    }
    if (is_changed) draw();
  }

  EventLoop& loop_;
  TerminalScreen& terminal_;
  const Clock& clock_;
  MachineReader reader_;
  DaemonLink daemon_;
  std::optional<std::chrono::nanoseconds> asked_;
  MachineView view_;
  std::chrono::nanoseconds interval_;
  ViewState state_;
  Screen screen_;
  std::optional<Error> failure_;
  EventLoop::Handle keys_, next_;
};

}  // namespace

Result<void> show_live(const OsRoot& root, const Clock& clock, const LiveOptions& options) {
  auto loop = EventLoop::create();
  if (!loop) return pass_on(loop);
  std::optional<Live> live;
  // Before the screen, so that none of them finds it half made.
  auto signals =
      daemon::OwnSignals::start(*loop, [&](int signal) { live ? live->on_signal(signal) : loop->stop(); },
                                {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGWINCH});
  if (!signals) return pass_on(signals);
  auto terminal = TerminalScreen::open({.colour = options.colour, .utf8 = options.state.choice.utf8});
  if (!terminal) return pass_on(terminal);
  live.emplace(*loop, *terminal, root, clock, options);
  live->begin();
  loop->run();
  auto result = live->result();
  live.reset();  // before the screen that it draws on
  return result;
}

}  // namespace ullage::top
