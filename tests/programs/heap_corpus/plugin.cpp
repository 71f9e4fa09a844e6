// SPDX-License-Identifier: Apache-2.0
// A library that is opened by the program, and grows.
#include <cstdlib>
#include <vector>

namespace {
std::vector<void*> blocks;
}

extern "C" [[gnu::noinline, gnu::visibility("default")]] void grow_in_plugin() {
  blocks.push_back(std::malloc(2400));
}
