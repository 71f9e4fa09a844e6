// SPDX-License-Identifier: Apache-2.0
// heap_courses COURSE: a program of a third of a second whose memory takes a known course: `plateau` (blocks
// of one size, each replaced in its turn), `random` (each at random), `mixed` (the same, of mixed sizes),
// `saw` (all freed at once, ten times), `waves` (as many as there is room for, which comes and goes). The
// same each time.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kLive = 400, kLifetimes = 20, kBlocks = kLive * kLifetimes, kTeeth = 10;
constexpr std::chrono::microseconds kPause(600);  // after each sixteen blocks

std::size_t size_of(std::uint64_t random) {
  const auto kind = random % 16;
  return kind < 12   ? 16 + (random >> 32) % 240
         : kind < 15 ? 256 + (random >> 32) % 3840
                     : 4096 + (random >> 32) % 16384;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view course = argc > 1 ? argv[1] : "plateau";
  std::mt19937_64 random(1);
  std::vector<void*> blocks(kLive);
  const auto give_back = [&](std::size_t from) {
    for (std::size_t i = from; i < kLive; ++i) {
      std::free(blocks[i]);
      blocks[i] = nullptr;
    }
  };
  for (std::size_t i = 0; i < kBlocks; ++i) {
    std::size_t room = kLive;
    if (course == "saw" && i % (kBlocks / kTeeth) == 0) give_back(0);
    if (course == "waves") {
      room = kLive / 2 + kLive / 2 * (i % (kBlocks / kTeeth)) / (kBlocks / kTeeth);
      give_back(room);
    }
    const bool is_at_random = course == "random" || course == "mixed";
    void*& place = blocks[(is_at_random ? random() : i) % room];
    std::free(place);
    place = std::malloc(course == "mixed" ? size_of(random()) : 1000);
    if (i % 16 == 0) std::this_thread::sleep_for(kPause);
  }
  give_back(0);
}
