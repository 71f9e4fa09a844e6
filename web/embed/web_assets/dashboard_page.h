// SPDX-License-Identifier: Apache-2.0
// The page of a daemon, kept in the binary as gzip: one HTML text that asks nothing but the daemon it came
// from.
#pragma once

#include <string_view>

namespace ullage::web_assets {

std::string_view dashboard_page();

}  // namespace ullage::web_assets
