// SPDX-License-Identifier: Apache-2.0
#include "daemon/own_signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>
#include <utility>

#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"

namespace ullage::daemon {

struct OwnSignals::Impl {
  FileDescriptor signals;
  std::function<void(int)> on_signal;
  EventLoop::Handle watch;
  sigset_t mask_before{};
  struct sigaction pipe_before = {}, file_size_before = {};

  void take() const {
    signalfd_siginfo info;
    while (::read(signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      on_signal(static_cast<int>(info.ssi_signo));
  }
};

OwnSignals::OwnSignals(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OwnSignals::OwnSignals(OwnSignals&&) noexcept = default;
OwnSignals& OwnSignals::operator=(OwnSignals&&) noexcept = default;
OwnSignals::~OwnSignals() {
  if (impl_ == nullptr) return;
  ::sigaction(SIGPIPE, &impl_->pipe_before, nullptr);
  ::sigaction(SIGXFSZ, &impl_->file_size_before, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &impl_->mask_before, nullptr);
}

Result<OwnSignals> OwnSignals::start(EventLoop& loop, std::function<void(int)> on_signal,
                                     std::initializer_list<int> signals_of_interest) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals_of_interest) sigaddset(&set, signal);
  FileDescriptor signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.is_open()) return fail_errno("cannot watch for signals", "", errno);
  auto impl = std::make_unique<Impl>();
  impl->signals = std::move(signals);
  impl->on_signal = std::move(on_signal);
  ::pthread_sigmask(SIG_BLOCK, &set, &impl->mask_before);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &impl->pipe_before);
  ::sigaction(SIGXFSZ, &ignore, &impl->file_size_before);
  impl->watch = loop.on_readable(impl->signals.get(), [own = impl.get()] { own->take(); });
  return OwnSignals(std::move(impl));
}

}  // namespace ullage::daemon
