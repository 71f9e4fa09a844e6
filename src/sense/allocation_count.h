// SPDX-License-Identifier: Apache-2.0
// For tests of what must not allocate: how often operator new was called in this program so far.
#pragma once

#include <cstddef>

namespace ullage::sense {

std::size_t allocation_count();

}  // namespace ullage::sense
