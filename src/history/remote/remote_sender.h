// SPDX-License-Identifier: Apache-2.0
// Does the sending for a RemoteWriter: a thread that carries one body at a time to the receiver, and an event
// loop that hears what came of it and when to send next. All but that thread is the loop's; the writer, the
// loop and the clock must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_client.h"
#include "base/result.h"
#include "history/remote/remote_writer.h"

namespace ullage::history {

struct RemoteReceiver {
  std::string url = {};
  HttpOptions http = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // besides those of the protocol
};

class RemoteSender {
 public:
  // `seed` is of the chance that spreads retries.
  static Result<RemoteSender> start(RemoteReceiver receiver, std::uint64_t seed, RemoteWriter& writer,
                                    EventLoop& loop, const Clock& clock);
  RemoteSender(RemoteSender&&) noexcept;
  RemoteSender& operator=(RemoteSender&&) noexcept;
  ~RemoteSender();  // ends a call that is under way

  // To be called after samples were appended: sends if it is time, and else when it will be.
  void look();

 private:
  struct Impl;
  explicit RemoteSender(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace ullage::history
