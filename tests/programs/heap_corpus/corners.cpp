// SPDX-License-Identifier: Apache-2.0
// What is easily judged wrong: growth that is small, rare, late or hidden among what comes and goes, and what
// only looks like growth.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <exception>
#include <list>
#include <mutex>
#include <queue>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cases.h"
#include "corpus.h"

namespace corpus {

namespace {

unsigned random_state = 17;
unsigned draw(unsigned below) {
  random_state = random_state * 1664525 + 1013904223;
  return (random_state >> 12) % below;
}

// Written over, so that no stale copy on the stack keeps a block.
[[gnu::noinline]] void wipe() {
  volatile char waste[16 << 10];
  for (std::size_t i = 0; i < sizeof waste; ++i) waste[i] = 0;
}

std::vector<void*> failures;
[[gnu::noinline]] void keep_failure() { failures.push_back(std::malloc(1500)); }
void growing_on_a_rare_path() {
  in_steps([](int i) {
    churn(200);
    if (i % 6 == 4) keep_failure();
  });
}

std::vector<void*> tiny;
[[gnu::noinline]] void keep_tiny() { tiny.push_back(std::malloc(16)); }
void growing_by_tiny_blocks() {
  tiny.reserve(10'000);
  in_steps([](int) {
    churn(1000);
    for (int n = 0; n < 40; ++n) keep_tiny();
  });
}

std::vector<std::string> teeth;
[[gnu::noinline]] void add_to_tooth() { teeth.emplace_back(900, 't'); }
void growing_from_tooth_to_tooth() {
  std::size_t stays = 0;
  in_steps([&](int i) {
    for (int n = 0; n < 4; ++n) add_to_tooth();
    if (i % 12 == 11) teeth.resize(stays += 14);
  });
}

std::vector<void*> since_late;
[[gnu::noinline]] void grow_since_late() { since_late.push_back(std::malloc(1900)); }
void growing_since_late() {
  in_steps([](int i) {
    churn();
    if (i > 65) grow_since_late();
  });
}

std::mutex work_lock;
std::queue<std::vector<char>> work;
[[gnu::noinline]] void submit_work() {
  std::vector<char> one(3000);
  const std::lock_guard locked(work_lock);
  work.push(std::move(one));
}
void growing_behind_a_slow_consumer() {
  std::thread consumer([] {
    in_steps([](int) {
      const std::lock_guard locked(work_lock);
      for (int n = 0; n < 2 && !work.empty(); ++n) work.pop();
    });
  });
  in_steps([](int) {
    for (int n = 0; n < 3; ++n) submit_work();
  });
  consumer.join();
}

// Nothing but a mapping points to them.
[[gnu::noinline]] void* held_by_mapping() { return std::malloc(1500); }
void growing_held_by_a_mapping() {
  auto** table =
      static_cast<void**>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  in_steps([&](int i) {
    table[i] = held_by_mapping();
    churn();
  });
}

struct Coroutine {
  struct promise_type {  // NOLINT(readability-identifier-naming): the language's
    std::array<char, 1000> local{};
    Coroutine get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    static std::suspend_always initial_suspend() { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() {}
    static void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
Coroutine wait_for_ever(int number) {
  co_await std::suspend_always{};
  use(&number);
}
std::vector<Coroutine> suspended;
[[gnu::noinline]] void start_coroutine(int i) {
  suspended.push_back(wait_for_ever(i));
  suspended.back().handle.resume();
}
void growing_coroutines() {
  in_steps([](int i) {
    start_coroutine(i);
    churn();
  });
}
[[gnu::noinline]] void drop_coroutine(int i) {
  const Coroutine coroutine = wait_for_ever(i);
  coroutine.handle.resume();
}
void lost_coroutines() {
  in_steps([](int i) {
    drop_coroutine(i);
    wipe();
    churn();
  });
}

[[gnu::noinline]] void parse_or_throw(int i) {
  char* buffer = new char[1600];
  use(buffer);
  if (i % 3 == 0) throw std::runtime_error("bad input");
  delete[] buffer;
}
void lost_by_an_exception() {
  in_steps([](int i) {
    try {
      parse_or_throw(i);
    } catch (const std::runtime_error& error) {
      use(const_cast<char*>(error.what()));
    }
    wipe();
    churn();
  });
}

thread_local void* of_this_thread = nullptr;
[[gnu::noinline]] void keep_in_thread() {
  of_this_thread = std::malloc(2300);
  use(static_cast<void*>(&of_this_thread));
}
void lost_with_its_thread() {
  in_steps([](int) { std::thread(keep_in_thread).join(); });
}

std::list<std::vector<char>> recent;
[[gnu::noinline]] void remember_recent(std::size_t bytes) { recent.emplace_back(bytes); }
void settled_lru_of_random_sizes() {
  in_steps([](int) {
    for (int n = 0; n < 4; ++n) {
      remember_recent(100 + draw(4000));
      if (recent.size() > 70) recent.pop_front();
    }
  });
}

std::deque<std::vector<char>> wavering;
[[gnu::noinline]] void enqueue_wavering() { wavering.emplace_back(1300); }
void settled_queue_that_wavers() {
  in_steps([](int) {
    const std::size_t length = 8 + draw(25);
    for (int n = 0; n < 4 || wavering.size() < length; ++n) enqueue_wavering();
    while (wavering.size() > length) wavering.pop_front();
  });
}

std::deque<std::vector<char>> strolling;
[[gnu::noinline]] void enqueue_strolling() { strolling.emplace_back(1300); }
void settled_queue_that_strolls() {  // a little longer, a little shorter, between bounds
  std::size_t length = 60;
  in_steps([&](int) {
    length = std::min<std::size_t>(100, std::max<std::size_t>(30, length + draw(13) - 6));
    for (int n = 0; n < 8 || strolling.size() < length; ++n) enqueue_strolling();
    while (strolling.size() > length) strolling.pop_front();
  });
}

std::vector<long> doubling;
[[gnu::noinline]] void push_doubling(long value) { doubling.push_back(value); }
void settled_vector_that_stops_doubling() {
  in_steps([](int i) {
    for (int n = 0; n < 200 && i < 30; ++n) push_doubling(long{i} * n);
    churn();
  });
}

std::unordered_map<int, std::string> rehashed;
[[gnu::noinline]] void put_rehashed(int key) { rehashed.emplace(key, std::string(200, 'h')); }
void settled_table_that_rehashes() {  // grows to its size, and then others take the places of some
  in_steps([](int) {
    for (int n = 0; n < 20; ++n) {
      put_rehashed(static_cast<int>(draw(100'000)));
      if (rehashed.size() > 400) rehashed.erase(rehashed.begin());
    }
  });
}

[[gnu::noinline]] void* make_thread_arena() { return std::malloc(60'000); }
void settled_arenas_of_threads() {  // each has one, given back as it ends
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      void* arena = make_thread_arena();
      in_steps([](int) { churn(); }, 30 * (t + 1));
      std::free(arena);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

std::vector<Case> corner_cases() {
  return {
      {"growing_on_a_rare_path", growing_on_a_rare_path, "growing", "keep_failure"},
      {"growing_by_tiny_blocks", growing_by_tiny_blocks, "growing", "keep_tiny"},
      {"growing_from_tooth_to_tooth", growing_from_tooth_to_tooth, "growing", "add_to_tooth"},
      {"growing_since_late", growing_since_late, "growing", "grow_since_late"},
      {"growing_behind_a_slow_consumer", growing_behind_a_slow_consumer, "growing", "submit_work"},
      {"growing_held_by_a_mapping", growing_held_by_a_mapping, "growing", "held_by_mapping"},
      {"growing_coroutines", growing_coroutines, "growing", "start_coroutine"},
      {"lost_coroutines", lost_coroutines, "lost", "drop_coroutine"},
      {"lost_by_an_exception", lost_by_an_exception, "lost", "parse_or_throw"},
      {"lost_with_its_thread", lost_with_its_thread, "lost", "keep_in_thread"},
      {"settled_lru_of_random_sizes", settled_lru_of_random_sizes, "settled", "remember_recent"},
      {"settled_queue_that_wavers", settled_queue_that_wavers, "settled", "enqueue_wavering"},
      {"settled_queue_that_strolls", settled_queue_that_strolls, "settled", "enqueue_strolling"},
      {"settled_vector_that_stops_doubling", settled_vector_that_stops_doubling, "settled", "push_doubling"},
      {"settled_table_that_rehashes", settled_table_that_rehashes, "settled", "put_rehashed"},
      {"settled_arenas_of_threads", settled_arenas_of_threads, "settled", "make_thread_arena"},
  };
}

}  // namespace corpus
