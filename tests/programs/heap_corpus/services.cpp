// SPDX-License-Identifier: Apache-2.0
// What servers, jobs and tools do over their lives: growing, lost and settled ones side by side.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cases.h"
#include "corpus.h"

namespace corpus {

namespace {

std::unordered_map<std::uint64_t, std::uint64_t> seen;
[[gnu::noinline]] void note_as_seen(std::uint64_t number) { seen.emplace(number, number); }
void growing_hash_table() {  // its table is made anew, larger, again and again
  in_steps([](int i) {
    for (int n = 0; n < 20; ++n) note_as_seen(static_cast<std::uint64_t>(i * 20 + n) * 7919);
    churn();
  });
}

struct Slab {
  std::array<char, 8192> room;
};
std::vector<std::unique_ptr<Slab>> slabs;
std::size_t slab_used = sizeof(Slab);
[[gnu::noinline]] void add_slab() {
  slabs.push_back(std::make_unique<Slab>());
  slab_used = 0;
}
void* take_from_slab(std::size_t bytes) {
  if (slab_used + bytes > sizeof(Slab)) add_slab();
  slab_used += bytes;
  return slabs.back()->room.data() + slab_used - bytes;
}
void growing_pool_that_is_never_reset() {
  in_steps([](int) {
    for (int n = 0; n < 10; ++n) use(take_from_slab(300));
  });
}

[[gnu::noinline]] void log_event(int i) {
  static std::vector<std::pair<int, std::string>> events;
  events.emplace_back(i, std::string(1500, 'e'));
}
void growing_log_in_a_function() {
  in_steps([](int i) {
    log_event(i);
    churn();
  });
}

[[gnu::noinline]] void remember_row(std::vector<std::string>& rows) { rows.emplace_back(2000, 'r'); }
void growing_until_its_function_returns() {  // the rows are freed before main returns
  std::vector<std::string> rows;
  in_steps([&](int) {
    remember_row(rows);
    churn();
  });
}

std::vector<void*> undone;
[[gnu::noinline]] void run_job(int i) {
  void* work = std::malloc(6000);
  use(work);
  if (i % 6 == 5)
    undone.push_back(work);
  else
    std::free(work);
}
void growing_by_a_job_now_and_then() {
  in_steps([](int i) {
    run_job(i);
    churn();
  });
}

void* of_callback = nullptr;
[[gnu::noinline]] int compare_with_a_copy(const void* one, const void* other) {
  of_callback = std::malloc(500);  // the one before is forgotten
  use(of_callback);
  return *static_cast<const int*>(one) - *static_cast<const int*>(other);
}
void lost_in_a_callback_of_c() {
  in_steps([](int i) {
    std::array<int, 4> numbers{i % 3, 2, i % 5, 1};
    std::qsort(numbers.data(), numbers.size(), sizeof(int), compare_with_a_copy);
    churn();
  });
  of_callback = nullptr;
}

struct Timed {
  int until;
  std::string text;
};
std::list<Timed> timed;
[[gnu::noinline]] void put_with_expiry(int now) { timed.push_back({now + 20, std::string(1200, 't')}); }
void settled_cache_with_expiry() {
  in_steps([](int i) {
    for (int n = 0; n < 2 + i % 3; ++n) put_with_expiry(i);
    while (!timed.empty() && timed.front().until <= i) timed.pop_front();
  });
}

std::unordered_map<int, std::string> warm;
[[gnu::noinline]] void warm_up(int key) { warm.try_emplace(key, 900, 'w'); }
void settled_cache_that_warms_slowly() {  // fewer and fewer misses
  unsigned random = 11;
  in_steps([&](int) {
    for (int n = 0; n < 12; ++n) {
      random = random * 1664525 + 1013904223;
      warm_up(static_cast<int>((random >> 12) % 200));
    }
  });
}

std::vector<std::string> phase_data, phase_results;
[[gnu::noinline]] void load_row() { phase_data.emplace_back(1800, 'd'); }
[[gnu::noinline]] void keep_result() { phase_results.emplace_back(700, 'r'); }
void settled_batch_of_two_phases() {
  in_steps([](int i) {
    if (i < 40) load_row();
    if (i == 60) phase_data.clear();
    if (i >= 60 && i < 80) keep_result();
    churn();
  });
}

std::deque<std::vector<char>> in_flight;
[[gnu::noinline]] void accept_request() { in_flight.emplace_back(1500); }
void settled_load_that_doubles_and_halves() {
  in_steps([](int i) {
    const std::size_t load = (i / 15) % 2 == 0 ? 20 : 40;
    for (int n = 0; n < 5; ++n) accept_request();
    while (in_flight.size() > load) in_flight.pop_front();
  });
}

std::map<int, std::vector<char>> pages;
[[gnu::noinline]] void read_page(int number) { pages.try_emplace(number, 4096); }
void settled_file_read_in_turns() {  // the same pages, round and round
  in_steps([](int i) {
    read_page(i % 30);
    churn();
  });
}

std::array<std::string, 8> shards;
[[gnu::noinline]] void fill_shard(std::size_t shard, std::size_t bytes) { shards[shard].assign(bytes, 's'); }
void settled_buffers_of_changing_size() {
  unsigned random = 5;
  in_steps([&](int) {
    random = random * 1664525 + 1013904223;
    const std::size_t shard = (random >> 16) % shards.size();
    shards[shard] = {};
    fill_shard(shard, 500 + (random >> 8) % 4000);
  });
}

[[gnu::noinline]] const std::string& greeting() {
  static const std::string text(3000, 'g');
  return text;
}
void kept_in_a_function() {
  use(const_cast<char*>(greeting().data()));
  in_steps([](int) { churn(); });
}

}  // namespace

std::vector<Case> service_cases() {
  return {
      {"growing_hash_table", growing_hash_table, "growing", "note_as_seen"},
      {"growing_pool_that_is_never_reset", growing_pool_that_is_never_reset, "growing", "add_slab"},
      {"growing_log_in_a_function", growing_log_in_a_function, "growing", "log_event"},
      {"growing_until_its_function_returns", growing_until_its_function_returns, "growing", "remember_row"},
      {"growing_by_a_job_now_and_then", growing_by_a_job_now_and_then, "growing", "run_job"},
      {"lost_in_a_callback_of_c", lost_in_a_callback_of_c, "lost", "compare_with_a_copy"},
      {"settled_cache_with_expiry", settled_cache_with_expiry, "settled", "put_with_expiry"},
      {"settled_cache_that_warms_slowly", settled_cache_that_warms_slowly, "settled", "warm_up"},
      {"settled_batch_of_two_phases", settled_batch_of_two_phases, "settled", "load_row"},
      {"settled_load_that_doubles_and_halves", settled_load_that_doubles_and_halves, "settled",
       "accept_request"},
      {"settled_file_read_in_turns", settled_file_read_in_turns, "settled", "read_page"},
      {"settled_buffers_of_changing_size", settled_buffers_of_changing_size, "settled", "fill_shard"},
      {"kept_in_a_function", kept_in_a_function, "kept", "greeting"},
  };
}

}  // namespace corpus
