// SPDX-License-Identifier: Apache-2.0
// What is there once and reachable at the end; and programs that leave nothing.
#include <pthread.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "cases.h"
#include "corpus.h"

namespace corpus {

namespace {

char* configuration = nullptr;
[[gnu::noinline]] void read_configuration() {
  configuration = static_cast<char*>(std::malloc(50'000));
  use(static_cast<void*>(&configuration));
}
void kept_configuration() {
  read_configuration();
  in_steps([](int) { churn(); });
}

std::string* singleton = nullptr;
[[gnu::noinline]] void make_the_one() {
  singleton = new std::string(20'000, 'o');
  use(static_cast<void*>(&singleton));
}
void kept_singleton() {
  make_the_one();
  in_steps([](int) { churn(); });
}

pthread_key_t key;
[[gnu::noinline]] void set_of_thread() { ::pthread_setspecific(key, std::malloc(9000)); }
void kept_of_a_thread() {
  ::pthread_key_create(&key, nullptr);
  set_of_thread();
  in_steps([](int) { churn(); });
}

void** table = nullptr;
[[gnu::noinline]] void make_table() {
  table = static_cast<void**>(std::calloc(100, sizeof(void*)));
  for (int i = 0; i < 100; ++i) table[i] = std::malloc(300);
  use(static_cast<void*>(&table));
}
void kept_table() {
  make_table();
  in_steps([](int) { churn(); });
}

void nothing_at_all() {}
void nothing_but_churn() {
  in_steps([](int) { churn(500); });
}
[[gnu::noinline]] std::vector<char> give_vector() { return std::vector<char>(100'000); }
void nothing_left() {
  in_steps([](int) { use(give_vector().data()); });
}

}  // namespace

std::vector<Case> kept_cases() {
  return {
      {"kept_configuration", kept_configuration, "kept", "read_configuration"},
      {"kept_singleton", kept_singleton, "kept", "make_the_one"},
      {"kept_of_a_thread", kept_of_a_thread, "kept", "set_of_thread"},
      {"kept_table", kept_table, "kept", "make_table"},
      {"nothing_at_all", nothing_at_all, "", ""},
      {"nothing_but_churn", nothing_but_churn, "", ""},
      {"nothing_left", nothing_left, "", ""},
  };
}

}  // namespace corpus
