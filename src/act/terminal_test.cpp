// SPDX-License-Identifier: Apache-2.0
// What needs no terminal; tests/integration/test_terminal.py has the rest.
#include "act/terminal.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "act/child.h"
#include "base/event_loop.h"

namespace ullage::act {
namespace {

using namespace std::chrono_literals;

// In a process of its own: the signals of this one are the test framework's.
bool holds_in_fork(const std::function<bool()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Runs a shell script under a relay; `act` is called once it has been released.
std::optional<ExitStatus> supervise(const std::string& script, const std::function<void(pid_t)>& act,
                                    std::vector<int>* told = nullptr) {
  EventLoop loop;
  std::optional<Child> child;
  std::optional<ExitStatus> ended;
  auto relay = SignalRelay::start(loop, [&](int signal) {
    if (told) told->push_back(signal);
    if (signal == SIGCHLD && child && (ended = child->try_wait())) loop.stop();
  });
  ChildSpec spec;
  spec.command = {"/bin/sh", "-c", script};
  spec.environment = {"PATH=/usr/bin:/bin"};
  child = Child::prepare(spec).value();
  relay->set_child(child->pid());
  if (!child->release()) return std::nullopt;
  const auto limit = loop.after(20s, [&] { loop.stop(); });
  const auto soon = loop.after(50ms, [&] { act(child->pid()); });
  loop.run();
  return ended;
}

TEST(SignalRelay, PassesOnWhatIsSentToUs) {
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGRTMIN + 3})
    EXPECT_TRUE(holds_in_fork([signal] {
      const auto ended = supervise("exec sleep 20", [signal](pid_t) { ::kill(::getpid(), signal); });
      return ended && ended->signal == signal;
    })) << signal;
}

TEST(SignalRelay, TellsOfEachSignal) {
  EXPECT_TRUE(holds_in_fork([] {
    std::vector<int> told;
    const auto ended = supervise(
        "trap 'kill $!; exit 3' USR1; sleep 20 & wait", [](pid_t) { ::kill(::getpid(), SIGUSR1); }, &told);
    return ended && ended->code == 3 && told.front() == SIGUSR1 && told.back() == SIGCHLD;
  }));
}

TEST(SignalRelay, WhatComesBeforeTheCommandIsPassedOnToIt) {
  EXPECT_TRUE(holds_in_fork([] {
    EventLoop loop;
    std::optional<Child> child;
    std::optional<ExitStatus> ended;
    auto relay = SignalRelay::start(loop, [&](int signal) {
      if (signal == SIGTERM) {
        ChildSpec spec;
        spec.command = {"/bin/sleep", "20"};
        child = Child::prepare(spec).value();
        // set_child() passes on what came while there was none.
        loop.post([&] {
          if (!child->release()) loop.stop();
        });
      }
      if (signal == SIGCHLD && child && (ended = child->try_wait())) loop.stop();
    });
    ::kill(::getpid(), SIGTERM);
    const auto limit = loop.after(20s, [&] { loop.stop(); });
    const auto soon = loop.after(50ms, [&] { relay->set_child(child->pid()); });
    loop.run();
    return ended && ended->signal == SIGTERM;
  }));
}

TEST(SignalRelay, WhatTheCommandSendsToItsGroupComesBackNoSecondTime) {
  EXPECT_TRUE(holds_in_fork([] {
    ::setpgid(0, 0);
    const auto ended =
        supervise("n=0; trap 'n=$((n+1))' USR1; kill -USR1 0; sleep 0.2; sleep 0.1; exit $n", [](pid_t) {});
    return ended && ended->code == 1;
  }));
}

TEST(SignalRelay, ContinuesACommandThatWasStoppedWithoutATerminal) {
  EXPECT_TRUE(holds_in_fork([] {
    ::setsid();
    const auto ended = supervise("sleep 0.2; exit 8", [](pid_t child) {
      ::kill(child, SIGSTOP);
      siginfo_t stopped = {};
      ::waitid(P_PID, static_cast<id_t>(child), &stopped, WSTOPPED | WNOWAIT);
      ::kill(::getpid(), SIGCONT);
    });
    return ended && ended->code == 8;
  }));
}

// SIGPIPE stays ignored: what is still to be said may meet a closed pipe.
TEST(SignalRelay, GivesTheSignalsBackAtItsEnd) {
  EXPECT_TRUE(holds_in_fork([] {
    {
      EventLoop loop;
      const auto relay = SignalRelay::start(loop, [](int) {});
    }
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    struct sigaction action = {};
    ::sigaction(SIGPIPE, nullptr, &action);
    return sigismember(&mask, SIGTERM) == 0 && action.sa_handler == SIG_IGN;
  }));
}

}  // namespace
}  // namespace ullage::act
