// SPDX-License-Identifier: Apache-2.0
// A library that calls the functions as it is loaded, where it is asked to.
#include <cstdlib>

#include "functions.h"

namespace {

[[gnu::constructor]] void is_loaded() {
  if (std::getenv("HEAP_CALLS_ON_LOAD") != nullptr) call_all_functions();
}

}  // namespace
