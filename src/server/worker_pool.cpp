// SPDX-License-Identifier: Apache-2.0
#include "server/worker_pool.h"

#include <signal.h>

#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace ullage::server {

namespace {

// Signals are for the thread that has the loop.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

struct WorkerPool::Impl {
  std::mutex mutex;
  std::condition_variable wakes;
  std::deque<std::function<void(std::size_t)>> queue;
  bool is_ending = false;
  std::size_t running = 0;
  std::size_t tasks_max = 0;  // that run and wait
  std::vector<std::thread> threads;

  void work(std::size_t worker) {
    std::unique_lock lock(mutex);
    while (true) {
      wakes.wait(lock, [this] { return is_ending || !queue.empty(); });
      if (is_ending) return;
      {
        const auto next = std::move(queue.front());
        queue.pop_front();
        ++running;
        lock.unlock();
        next(worker);
      }
      lock.lock();
      --running;
    }
  }
};

WorkerPool::WorkerPool(std::size_t threads, std::size_t waiting_max) : impl_(std::make_unique<Impl>()) {
  impl_->tasks_max = waiting_max + threads;
  const SignalsBlocked blocked;
  for (std::size_t i = 0; i < threads; ++i)
    impl_->threads.emplace_back([impl = impl_.get(), i] { impl->work(i); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_ending = true;
  }
  impl_->wakes.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

bool WorkerPool::submit(std::function<void(std::size_t)> work) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->queue.size() + impl_->running >= impl_->tasks_max) return false;
    impl_->queue.push_back(std::move(work));
  }
  impl_->wakes.notify_one();
  return true;
}

std::size_t WorkerPool::waiting() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->queue.size();
}

}  // namespace ullage::server
