// SPDX-License-Identifier: Apache-2.0
// Sockets that listen, made with care: a unix socket's file has its mode from the first moment, and one that
// a killed server left behind is taken over, but never that of a server that lives.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "server/http_address.h"

namespace ullage::server {

struct Listener {
  FileDescriptor socket;
  bool is_unix = false;
  Address address = {};  // with the port the system gave
};

Result<Listener> listen_on(const Address& address);
Result<Listener> listen_on_unix(const std::string& path, unsigned mode);

}  // namespace ullage::server
