// SPDX-License-Identifier: Apache-2.0
// The compiled tasks.bpf.c, kept in the program; empty where it was built without clang.
#pragma once

#include <span>

namespace ullage::sense {

std::span<const unsigned char> task_program();

}  // namespace ullage::sense
