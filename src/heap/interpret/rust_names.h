// SPDX-License-Identifier: Apache-2.0
// Rust's own mangled names, those that begin with "_R" (RFC 2603, "v0"), as their author would write them:
// _RNvMNtCs1234_3app5cacheNtB2_5Cache6insert → <app::cache::Cache>::insert. Pure, and bounded whatever the
// name says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ullage::heap {

// None for what is no such name, or says what nobody wrote.
std::optional<std::string> demangle_rust(std::string_view name);

}  // namespace ullage::heap
