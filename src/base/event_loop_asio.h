// SPDX-License-Identifier: Apache-2.0
// Asio's own side of the event loop, for the HTTP server, whose thousands of sockets want more than
// on_readable(). Nobody else should need it.
#pragma once

#include <boost/asio/io_context.hpp>

#include "base/event_loop.h"

namespace ullage {

struct EventLoopAsio {
  static boost::asio::io_context& context(EventLoop& loop);
};

}  // namespace ullage
