// SPDX-License-Identifier: Apache-2.0
#include "act/terminal.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "act/job_stop.h"
#include "act/process_stat.h"
#include "act/start_state.h"
#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"

namespace ullage::act {
namespace {

constexpr int kDeepestTree = 4096;  // steps up from a sender before we take it for a stranger
constexpr std::size_t kEarlyLimit = 64;

// All that can be held back, but the faults of our own code, what we ignore, and glibc's own two (32, 33).
sigset_t relayed_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int signal :
       {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPIPE, SIGXFSZ})
    sigdelset(&set, signal);
  return set;
}

// Does the sender live in the tree that we supervise? It then meant its group, and the command has got it.
bool is_from_our_tree(pid_t sender) {
  const pid_t self = ::getpid();
  if (sender == self) return false;
  for (int step = 0; sender > 1 && step < kDeepestTree; ++step) {
    sender = parent_of(sender);
    if (sender == self) return true;
  }
  return false;
}

// Codes up to 0 are kill(2), sigqueue(3) and their kin; the kernel's own, as the terminal's, are above
// (sigaction(2)).
bool is_sent_by_process(const signalfd_siginfo& info) { return info.ssi_code <= 0; }

}  // namespace

struct SignalRelay::Impl {
  std::function<void(int)> on_signal;
  FileDescriptor signals;
  FileDescriptor child_handle;  // pidfd: never a stranger who got the number
  pid_t child = 0;
  bool is_waiting_for_child = true;
  std::vector<signalfd_siginfo> early;
  sigset_t mask_before;
  struct sigaction ended_child_before;
  EventLoop* loop = nullptr;
  EventLoop::Handle watch, later;

  template <class Take>
  void read_signals(const Take& take_one);
  void take(const signalfd_siginfo& info);
  void pass_on_signal(const signalfd_siginfo& info) const;
  void send(int signal, siginfo_t* info) const;
  void follow_stop() const;
  ~Impl();
};

template <class Take>
void SignalRelay::Impl::read_signals(const Take& take_one) {
  signalfd_siginfo info;
  while (::read(signals.get(), &info, sizeof info) == sizeof info) take_one(info);
}

void SignalRelay::Impl::take(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGCHLD) {
    if (child > 0) follow_stop();
  } else if (is_waiting_for_child) {
    // From the terminal too: the command was not there to get it.
    if (early.size() < kEarlyLimit) early.push_back(info);
  } else if (child == 0 && signal == SIGTSTP) {
    stop_self(SIGTSTP);  // the command has ended; Ctrl-Z means us
  } else if (child > 0 && signal == SIGCONT) {
    if (process_state(child) == 'T') send(SIGCONT, nullptr);
  } else if (child > 0 && is_sent_by_process(info) && !is_from_our_tree(static_cast<pid_t>(info.ssi_pid))) {
    pass_on_signal(info);
  }
  on_signal(signal);
}

void SignalRelay::Impl::pass_on_signal(const signalfd_siginfo& info) const {
  const int signal = static_cast<int>(info.ssi_signo);
  if (info.ssi_code != SI_QUEUE) return send(signal, nullptr);
  siginfo_t queued = {};
  queued.si_signo = signal;
  queued.si_code = SI_QUEUE;
  queued.si_pid = ::getpid();
  queued.si_uid = ::getuid();
  queued.si_value.sival_ptr = reinterpret_cast<void*>(info.ssi_ptr);
  send(signal, &queued);
}

void SignalRelay::Impl::send(int signal, siginfo_t* info) const {
  if (child_handle.is_open())
    ::syscall(SYS_pidfd_send_signal, child_handle.get(), signal, info, 0);
  else if (info)
    ::sigqueue(child, signal, info->si_value);
  else
    ::kill(child, signal);
}

void SignalRelay::Impl::follow_stop() const {
  const int stop_signal = take_stop_signal(child);
  // Continued meanwhile: then there is nothing to follow.
  if (stop_signal != 0 && process_state(child) == 'T') stand_still_with(child, stop_signal);
}

SignalRelay::Impl::~Impl() {
  watch = EventLoop::Handle();
  later = EventLoop::Handle();
  // What came while the command ended was meant for it, and must not end us before we have said how it went.
  // SIGPIPE and SIGXFSZ stay ignored: what we still have to say may meet a closed pipe.
  read_signals([](const signalfd_siginfo&) {});
  ::sigaction(SIGCHLD, &ended_child_before, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
}

Result<SignalRelay> SignalRelay::start(EventLoop& loop, std::function<void(int)> on_signal) {
  start_state();
  const sigset_t set = relayed_signals();
  FileDescriptor signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.is_open()) return fail_errno("cannot watch for signals", "", errno);
  auto impl = std::make_unique<Impl>();
  impl->on_signal = std::move(on_signal);
  impl->signals = std::move(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, &impl->mask_before);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  ::sigaction(SIGXFSZ, &ignore, nullptr);
  // An ignored SIGCHLD is never sent, blocked or not, and the kernel would reap in our place.
  struct sigaction noticed = {};
  noticed.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &noticed, &impl->ended_child_before);
  impl->watch = loop.on_readable(impl->signals.get(), [relay = impl.get()] {
    relay->read_signals([relay](const signalfd_siginfo& info) { relay->take(info); });
  });
  impl->loop = &loop;
  return SignalRelay(std::move(impl));
}

void SignalRelay::set_child(pid_t pid) {
  Impl& relay = *impl_;
  relay.child = pid;
  relay.child_handle = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  relay.is_waiting_for_child = false;
  // Those that nobody has read yet came before, too; their listener is told from the loop, as of all others.
  // One that the terminal sent between fork and now reaches the child twice, and is one as long as its gate
  // is shut.
  std::vector<int> unread;
  relay.read_signals([&](const signalfd_siginfo& info) {
    if (info.ssi_signo != SIGCHLD) relay.early.push_back(info);
    unread.push_back(static_cast<int>(info.ssi_signo));
  });
  for (const signalfd_siginfo& info : std::exchange(relay.early, {})) relay.pass_on_signal(info);
  if (unread.empty()) return;
  relay.later = relay.loop->after(std::chrono::nanoseconds(0), [&relay, unread] {
    for (const int signal : unread) relay.on_signal(signal);
  });
}

void SignalRelay::clear_child() {
  impl_->child = 0;
  impl_->child_handle.reset();
  impl_->is_waiting_for_child = false;
}

SignalRelay::SignalRelay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SignalRelay::SignalRelay(SignalRelay&&) noexcept = default;
SignalRelay& SignalRelay::operator=(SignalRelay&&) noexcept = default;
SignalRelay::~SignalRelay() = default;

}  // namespace ullage::act
