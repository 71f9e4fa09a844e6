// SPDX-License-Identifier: Apache-2.0
// heap_pairs PAIRS [THREADS] [LIVE]: allocations and frees as a busy program makes them: sizes mixed, 200
// places that allocate, each reached through about 20 calls; LIVE blocks (512) of each thread stay for a
// while.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr int kSites = 200, kDepth = 20;

using Step = void* (*)(std::uint64_t random, int depth);

template <int site_number>
[[gnu::noinline]] void* descend(std::uint64_t random, int depth);

template <int... site_number>
Step step_at(int site, std::integer_sequence<int, site_number...>) {
  static const Step steps[] = {descend<site_number>...};
  return steps[site];
}

std::size_t size_of(std::uint64_t random) {
  const auto kind = random >> 60;
  return kind < 12   ? 16 + (random >> 32) % 240
         : kind < 15 ? 256 + (random >> 32) % 3840
                     : 4096 + (random >> 32) % 16384;
}

template <int site_number>
void* descend(std::uint64_t random, int depth) {
  void* block;
  if (depth == 0) {
    block = std::malloc(size_of(random));
  } else if (depth == 1) {
    block = step_at(static_cast<int>((random >> 8) % kSites), std::make_integer_sequence<int, kSites>())(
        random, 0);
  } else {
    block = descend<site_number>(random, depth - 1);
  }
  asm volatile("" : "+r"(block));  // so that the call stays one
  return block;
}

void work(std::size_t pairs, std::size_t live, std::uint64_t random) {
  std::vector<void*> blocks(live);
  for (std::size_t i = 0; i < pairs; ++i) {
    random = random * 6364136223846793005 + 1442695040888963407;
    void*& place = blocks[(random >> 20) % live];
    std::free(place);
    place = descend<0>(random, kDepth - 3);
    *static_cast<char*>(place) = 1;
  }
  for (void* block : blocks) std::free(block);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at, std::size_t otherwise) {
    return argc > at ? static_cast<std::size_t>(std::atoll(argv[at])) : otherwise;
  };
  const std::size_t pairs = number(1, 12'000'000), threads = number(2, 1), live = number(3, 512);
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work, pairs, live, i + 1);
  work(pairs, live, 1);
  for (std::thread& other : others) other.join();
}
