// SPDX-License-Identifier: Apache-2.0
// A few threads that take work off the loop, from a bounded queue. What comes out of it goes back by
// EventLoop::post; the work itself must hold nothing that belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace ullage::server {

class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t waiting_max);
  ~WorkerPool();  // drops what waits, waits for what runs
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // The number of the thread goes in: 0 … threads-1. False when too much waits already.
  bool submit(std::function<void(std::size_t worker)> work);
  std::size_t waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::server
