// SPDX-License-Identifier: Apache-2.0
// What fills and then stays as large, or comes and goes.
#include <array>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cases.h"
#include "corpus.h"

namespace corpus {

namespace {

std::list<std::vector<char>> lru;
[[gnu::noinline]] void cache_entry() { lru.emplace_back(2000); }
void settled_lru_cache() {
  in_steps([](int) {
    for (int n = 0; n < 3; ++n) {
      cache_entry();
      if (lru.size() > 100) lru.pop_front();
    }
  });
}

std::unordered_map<int, std::string> memo;
[[gnu::noinline]] void memoize(int key) { memo.try_emplace(key, 1500, 'm'); }
void settled_memoization() {
  in_steps([](int i) {
    memoize(i * 31 % 40);
    churn();
  });
}

std::array<void*, 64> ring{};
[[gnu::noinline]] void fill_ring(int i) {
  void*& place = ring[static_cast<std::size_t>(i) % ring.size()];
  std::free(place);
  place = std::malloc(1800);
}
void settled_ring_buffer() {
  in_steps([](int i) {
    for (int n = 0; n < 4; ++n) fill_ring(4 * i + n);
  });
}

std::vector<char*> arena;
std::size_t arena_used = 0;
[[gnu::noinline]] void add_to_arena() { arena.push_back(static_cast<char*>(std::malloc(16 << 10))); }
void allocate_in_arena() {
  if (++arena_used / 8 >= arena.size()) add_to_arena();
}
void settled_arena() {
  in_steps([](int i) {
    for (int n = 0; n < 20 + i % 7; ++n) allocate_in_arena();
    arena_used = 0;
  });
}
void settled_arena_that_is_reset_seldom() {
  in_steps([](int i) {
    for (int n = 0; n < 5; ++n) allocate_in_arena();
    if (i % 20 == 19) arena_used = 0;
  });
}

std::vector<std::unique_ptr<std::array<char, 3000>>> idle;
[[gnu::noinline]] std::unique_ptr<std::array<char, 3000>> make_connection() {
  return std::make_unique<std::array<char, 3000>>();
}
void with_connections(std::size_t count) {
  std::vector<std::unique_ptr<std::array<char, 3000>>> busy;
  for (std::size_t n = 0; n < count; ++n) {
    if (idle.empty()) {
      busy.push_back(make_connection());
    } else {
      busy.push_back(std::move(idle.back()));
      idle.pop_back();
    }
  }
  for (auto& connection : busy) idle.push_back(std::move(connection));
}
void settled_connection_pool() {
  in_steps([](int i) { with_connections(5 + static_cast<std::size_t>(i % 15)); });
}
void settled_pool_after_a_wave() {
  in_steps([](int i) { with_connections(i > 30 && i < 50 ? 60 : 10); });
}

std::unordered_set<std::string> words;
[[gnu::noinline]] void intern_word(int number) {
  words.insert(std::string(600, 'w') + std::to_string(number));
}
void settled_vocabulary() {
  unsigned random = 1;
  in_steps([&](int) {
    for (int n = 0; n < 10; ++n) {
      random = random * 1664525 + 1013904223;
      intern_word(static_cast<int>((random >> 16) % 50));
    }
  });
}

std::map<std::string, std::vector<char>> registry;
[[gnu::noinline]] void register_type(int i) { registry[std::to_string(i)] = std::vector<char>(900); }
void settled_static_registry() {
  for (int i = 0; i < 80; ++i) register_type(i);
  in_steps([](int) { churn(); });
}

std::vector<char> reserved;
[[gnu::noinline]] void reserve_at_start() { reserved.reserve(1 << 20); }
void settled_reserved_at_start() {
  reserve_at_start();
  in_steps([](int) {
    churn();
    reserved.push_back('x');
  });
}

std::array<std::vector<char>, 2> buffers;
[[gnu::noinline]] void swap_buffers(int i) {
  buffers[static_cast<std::size_t>(i) % 2] = std::vector<char>(30'000);
}
void settled_double_buffer() {
  in_steps([](int i) { swap_buffers(i); });
}

std::vector<std::string> loaded;
[[gnu::noinline]] void load_part() { loaded.emplace_back(5000, 'p'); }
void settled_after_loading() {
  in_steps([](int i) {
    if (i < 50) load_part();
    churn();
  });
}
void settled_late() {
  in_steps([](int i) {
    if (i < 75) load_part();
    churn();
  });
}

std::vector<std::string> collected;
[[gnu::noinline]] void collect() { collected.emplace_back(2500, 'c'); }
void settled_sawtooth() {
  in_steps([](int i) {
    for (int n = 0; n < 4; ++n) collect();
    if (i % 15 == 14) collected.clear();
  });
}
void settled_batches() {
  in_steps([](int i) {
    for (int n = 0; n < 30; ++n) collect();
    collected.clear();
    if (i % 2 == 0) churn();
  });
}

std::array<std::unique_ptr<std::string>, 10> singletons;
[[gnu::noinline]] void make_singleton(std::size_t i) {
  singletons[i] = std::make_unique<std::string>(4000, 's');
}
void settled_lazy_initialisation() {
  in_steps([](int i) {
    if (i % 5 == 0 && i / 5 < 10) make_singleton(static_cast<std::size_t>(i / 5));
    churn();
  });
}

std::deque<std::vector<char>> sliding;
[[gnu::noinline]] void slide() { sliding.emplace_back(1100); }
void settled_sliding_window() {
  in_steps([](int) {
    for (int n = 0; n < 3; ++n) {
      slide();
      if (sliding.size() > 60) sliding.pop_front();
    }
  });
}

std::map<int, std::string> sessions;
[[gnu::noinline]] void open_session(int i) { sessions[i] = std::string(2000, 's'); }
void settled_sessions_that_expire() {
  in_steps([](int i) {
    open_session(i);
    sessions.erase(i - 25);
  });
}

std::deque<std::string> balanced;
[[gnu::noinline]] void enqueue() { balanced.emplace_back(1300, 'b'); }
void settled_balanced_queue() {
  in_steps([](int i) {
    for (int n = 0; n < 5; ++n) enqueue();
    while (balanced.size() > static_cast<std::size_t>(10 + i % 5)) balanced.pop_front();
  });
}

[[gnu::noinline]] void* make_for_another() { return std::malloc(2200); }
void settled_freed_by_another_thread() {
  in_steps([](int) {
    void* block = make_for_another();
    std::thread([block] { std::free(block); }).join();
  });
}

thread_local std::vector<char> scratch;
[[gnu::noinline]] void use_scratch() { scratch.resize(20'000); }
void settled_scratch_of_threads() {
  in_steps(
      [](int) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 3; ++t) threads.emplace_back([] { use_scratch(); });
        for (std::thread& thread : threads) thread.join();
      },
      60);
}

std::vector<void*> scattered;
[[gnu::noinline]] void scatter() { scattered.push_back(std::malloc(700)); }
void settled_fragmented() {
  in_steps([](int i) {
    for (int n = 0; n < 20; ++n) scatter();
    if (i % 10 != 9) return;
    for (std::size_t n = 0; n < scattered.size(); ++n)
      if (n % 2 == 0 || n > 40) std::free(scattered[n]);
    std::vector<void*> kept;
    for (std::size_t n = 1; n < 40 && n < scattered.size(); n += 2) kept.push_back(scattered[n]);
    scattered = kept;
  });
}

std::unordered_map<int, std::vector<char>> random_cache;
[[gnu::noinline]] void cache_at_random(int key) { random_cache[key] = std::vector<char>(1600); }
void settled_random_eviction() {
  unsigned random = 7;
  in_steps([&](int) {
    for (int n = 0; n < 4; ++n) {
      random = random * 1664525 + 1013904223;
      cache_at_random(static_cast<int>(random >> 12));
      if (random_cache.size() > 50) random_cache.erase(random_cache.begin());
    }
  });
}

std::vector<std::vector<char>> histogram(40);
[[gnu::noinline]] void widen(std::size_t bucket) { histogram[bucket].resize(2000); }
void settled_table_of_buckets() {
  unsigned random = 3;
  in_steps([&](int) {
    random = random * 1664525 + 1013904223;
    widen((random >> 16) % 12);
    churn();
  });
}

std::string line;
[[gnu::noinline]] void read_line(std::size_t bytes) { line.assign(bytes, 'r'); }
void settled_growing_buffer_that_is_reused() {
  in_steps([](int i) { read_line(1000 + static_cast<std::size_t>(i) * 7919 % 9000); });
}

}  // namespace

std::vector<Case> settled_cases() {
  return {
      {"settled_lru_cache", settled_lru_cache, "settled", "cache_entry"},
      {"settled_memoization", settled_memoization, "settled", "memoize"},
      {"settled_ring_buffer", settled_ring_buffer, "settled", "fill_ring"},
      {"settled_arena", settled_arena, "settled", "add_to_arena"},
      {"settled_arena_that_is_reset_seldom", settled_arena_that_is_reset_seldom, "settled", "add_to_arena"},
      {"settled_connection_pool", settled_connection_pool, "settled", "make_connection"},
      {"settled_pool_after_a_wave", settled_pool_after_a_wave, "settled", "make_connection"},
      {"settled_vocabulary", settled_vocabulary, "settled", "intern_word"},
      {"settled_static_registry", settled_static_registry, "settled", "register_type"},
      {"settled_reserved_at_start", settled_reserved_at_start, "settled", "reserve_at_start"},
      {"settled_double_buffer", settled_double_buffer, "settled", "swap_buffers"},
      {"settled_after_loading", settled_after_loading, "settled", "load_part"},
      {"settled_late", settled_late, "settled", "load_part"},
      {"settled_sawtooth", settled_sawtooth, "settled", "collect"},
      {"settled_batches", settled_batches, "settled", "collect"},
      {"settled_lazy_initialisation", settled_lazy_initialisation, "settled", "make_singleton"},
      {"settled_sliding_window", settled_sliding_window, "settled", "slide"},
      {"settled_sessions_that_expire", settled_sessions_that_expire, "settled", "open_session"},
      {"settled_balanced_queue", settled_balanced_queue, "settled", "enqueue"},
      {"settled_freed_by_another_thread", settled_freed_by_another_thread, "settled", "make_for_another"},
      {"settled_scratch_of_threads", settled_scratch_of_threads, "settled", "use_scratch"},
      {"settled_fragmented", settled_fragmented, "settled", "scatter"},
      {"settled_random_eviction", settled_random_eviction, "settled", "cache_at_random"},
      {"settled_table_of_buckets", settled_table_of_buckets, "settled", "widen"},
      {"settled_growing_buffer_that_is_reused", settled_growing_buffer_that_is_reused, "settled",
       "read_line"},
  };
}

}  // namespace corpus
