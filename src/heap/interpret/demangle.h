// SPDX-License-Identifier: Apache-2.0
// The name of a function as its author wrote it, out of the name that the linker saw.
#pragma once

#include <string>
#include <string_view>

namespace ullage::heap {

std::string demangle(std::string_view linker_name);  // itself, where it is none of C++'s
bool is_mangled(std::string_view name);

}  // namespace ullage::heap
