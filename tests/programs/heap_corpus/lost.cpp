// SPDX-License-Identifier: Apache-2.0
// What nobody has a pointer to any more.
#include <string.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cases.h"
#include "corpus.h"

namespace corpus {

namespace {

// What lay in registers and on the stack of the callee is written over, so that no stale copy keeps a block.
[[gnu::noinline]] void wipe_stack() {
  volatile char waste[16 << 10];
  for (std::size_t i = 0; i < sizeof waste; ++i) waste[i] = 0;
}

template <typename Step>
void in_wiped_steps(Step step) {
  in_steps([&](int i) {
    step(i);
    wipe_stack();
    churn();
  });
}

[[gnu::noinline]] void lose_block() { use(std::malloc(1300)); }
void lost_each_step() {
  in_wiped_steps([](int) { lose_block(); });
}

[[gnu::noinline]] void lose_once() { use(std::malloc(70'000)); }
void lost_once() {
  lose_once();
  in_wiped_steps([](int) {});
}

void* current = nullptr;
[[gnu::noinline]] void overwrite_pointer() {
  current = std::malloc(1700);
  use(current);
}
void lost_by_overwriting() {
  in_wiped_steps([](int) { overwrite_pointer(); });
  current = nullptr;
}

struct Linked {
  Linked* other;
  char payload[900];
};
[[gnu::noinline]] void lose_cycle() {
  auto* first = static_cast<Linked*>(std::calloc(1, sizeof(Linked)));
  auto* second = static_cast<Linked*>(std::calloc(1, sizeof(Linked)));
  first->other = second;
  second->other = first;
  use(first);
}
void lost_cycles() {
  in_wiped_steps([](int) { lose_cycle(); });
}
void lost_cycle_once() {
  for (int i = 0; i < 10; ++i) lose_cycle();
  in_wiped_steps([](int) {});
}

struct Shared {
  std::shared_ptr<Shared> other;
  char payload[1100];
};
[[gnu::noinline]] void lose_shared_cycle() {
  auto first = std::make_shared<Shared>();
  auto second = std::make_shared<Shared>();
  first->other = second;
  second->other = first;
}
void lost_shared_pointers() {
  in_wiped_steps([](int) { lose_shared_cycle(); });
}

[[gnu::noinline]] bool parse(int input) {
  char* buffer = static_cast<char*>(std::malloc(2100));
  use(buffer);
  if (input % 4 == 0) return false;  // the way out that forgets
  std::free(buffer);
  return true;
}
void lost_on_an_error_path() {
  in_wiped_steps([](int i) { parse(i); });
}

[[gnu::noinline]] void lose_array() { use(new double[400]); }
void lost_arrays() {
  in_wiped_steps([](int) { lose_array(); });
}

[[gnu::noinline]] void lose_copy() { use(::strdup(std::string(800, 's').c_str())); }
void lost_copies_of_strings() {
  in_wiped_steps([](int) { lose_copy(); });
}

[[gnu::noinline]] char* make_buffer() { return static_cast<char*>(std::malloc(1700)); }
[[gnu::noinline]] char* widen_beyond_reason(char* buffer) {
  return static_cast<char*>(
      std::realloc(buffer, std::size_t{1} << 60));  // NOLINT(bugprone-suspicious-realloc-usage)
}
void lost_by_a_failed_realloc() {
  in_wiped_steps([](int) { use(widen_beyond_reason(make_buffer())); });
}

[[gnu::noinline]] void lose_in_thread() { use(std::malloc(2600)); }
void lost_in_threads() {
  in_wiped_steps([](int) { std::thread([] { lose_in_thread(); }).join(); });
}

[[gnu::noinline]] Linked* make_chain() {
  Linked* first = nullptr;
  for (int i = 0; i < 20; ++i) {
    auto* link = static_cast<Linked*>(std::calloc(1, sizeof(Linked)));
    link->other = first;
    first = link;
  }
  return first;
}
Linked* chain = nullptr;
void lost_chain() {
  chain = make_chain();
  in_wiped_steps([](int i) {
    if (i == 60) chain = nullptr;
  });
}

struct Owner {
  std::vector<char>* content;
  Owner();
  ~Owner() = default;  // forgets what it owns
};
[[gnu::noinline]] Owner::Owner() : content(new std::vector<char>(1400)) {}
[[gnu::noinline]] void own_for_a_moment() {
  const Owner owner;
  use(owner.content);
}
void lost_by_a_destructor() {
  in_wiped_steps([](int) { own_for_a_moment(); });
}

void lost_at_the_end() {
  in_wiped_steps([](int) {});
  lose_once();
  wipe_stack();
}

}  // namespace

std::vector<Case> lost_cases() {
  return {
      {"lost_each_step", lost_each_step, "lost", "lose_block"},
      {"lost_once", lost_once, "lost", "lose_once"},
      {"lost_by_overwriting", lost_by_overwriting, "lost", "overwrite_pointer"},
      {"lost_cycles", lost_cycles, "lost", "lose_cycle"},
      {"lost_cycle_once", lost_cycle_once, "lost", "lose_cycle"},
      {"lost_shared_pointers", lost_shared_pointers, "lost", "lose_shared_cycle"},
      {"lost_on_an_error_path", lost_on_an_error_path, "lost", "parse"},
      {"lost_arrays", lost_arrays, "lost", "lose_array"},
      {"lost_copies_of_strings", lost_copies_of_strings, "lost", "lose_copy"},
      {"lost_by_a_failed_realloc", lost_by_a_failed_realloc, "lost", "make_buffer"},
      {"lost_in_threads", lost_in_threads, "lost", "lose_in_thread"},
      {"lost_chain", lost_chain, "lost", "make_chain"},
      {"lost_by_a_destructor", lost_by_a_destructor, "lost", "Owner::Owner"},
      {"lost_at_the_end", lost_at_the_end, "lost", "lose_once"},
  };
}

}  // namespace corpus
