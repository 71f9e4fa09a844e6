// SPDX-License-Identifier: Apache-2.0
// What programs do with memory, for `ullage heap`: a leak, a cache that fills and settles, a ring, buffers
// that are given back at once, a block whose last pointer goes, a table that is kept. With "calm" all but the
// leak and the lost block; with "slow" ten times as slowly. Ends without destructors, as servers do.
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "program.h"

namespace {

constexpr std::size_t kRequests = 1500;
constexpr std::size_t kBuffers = 20;  // a request

char* volatile sink = nullptr;
char* filled(std::size_t bytes) {
  char* block = static_cast<char*>(std::malloc(bytes));
  if (block != nullptr) std::memset(block, 1, bytes);
  return block;
}

struct Remembered {
  Remembered* next;
  std::array<char, 1000> text;
};
Remembered* first = nullptr;
std::array<char*, 200> cache, ring;
char* volatile table = nullptr;

[[gnu::noinline]] void remember_for_ever() {
  auto* one = static_cast<Remembered*>(std::malloc(sizeof(Remembered)));
  if (one == nullptr) return;
  one->next = first;
  first = one;
}
[[gnu::noinline]] void look_up(std::size_t key) {
  if (cache[key % cache.size()] == nullptr) cache[key % cache.size()] = filled(2000);
}
[[gnu::noinline]] void log_line(std::size_t number) {
  std::free(ring[number % ring.size()]);
  ring[number % ring.size()] = filled(300);
}
[[gnu::noinline]] void work_in_a_buffer() {
  sink = filled(4000);
  std::free(sink);
}
[[gnu::noinline]] void lose_a_block() { sink = filled(7000); }
[[gnu::noinline]] void make_a_table() { table = filled(50'000); }

}  // namespace

int main(int count, char** arguments) {
  const bool is_calm = count > 1 && std::string_view(arguments[1]) == "calm";
  const bool is_slow = count > 1 && std::string_view(arguments[1]) == "slow";
  make_a_table();
  for (std::size_t i = 0; i < kRequests; ++i) {
    if (!is_calm) remember_for_ever();
    if (!is_calm && i == 300) lose_a_block();
    look_up(i * 7);
    log_line(i);
    for (std::size_t k = 0; k < kBuffers; ++k) work_in_a_buffer();
    program::sleep_ms(is_slow ? 10 : 1);
  }
  sink = nullptr;
  _exit(0);
}
