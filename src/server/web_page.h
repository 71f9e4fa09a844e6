// SPDX-License-Identifier: Apache-2.0
// A page of web/, packed when it was built: sent as it is to clients that take gzip, unpacked for others.
// It carries no data, so it says nothing of the machine.
#pragma once

#include <string_view>

#include "server/http_router.h"

namespace ullage::server {

// `packed` must live as long as the router.
void add_page(Router& router, std::string_view path, std::string_view packed,
              Access access = Access::with_token);

}  // namespace ullage::server
