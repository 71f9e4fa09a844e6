// SPDX-License-Identifier: Apache-2.0
// Sends the live series to a receiver of Prometheus's remote write, on a thread of its own: whoever watches
// hands over a tick and waits neither for a disk nor for a network. What the receiver has not taken waits in
// a folder, over restarts of either side. When that disk is too slow for too long, whole ticks are dropped
// and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "history/remote/remote_sender.h"
#include "history/remote/remote_writer.h"
#include "history/series_source.h"
#include "metric/live_series.h"

namespace ullage::watch {

using Selector = std::vector<history::Matcher>;

struct ForwardOptions {
  history::RemoteReceiver receiver = {};
  history::RemoteWriteOptions write = {};
  std::vector<Selector> keep = {};  // series that one of them matches; all when there are none
  std::vector<Selector> drop = {};  // but not those
  std::uint64_t seed = 0;           // of the chance that spreads retries
};

struct ForwardCounts {
  history::RemoteWriteCounts remote = {};
  std::uint64_t dropped_ticks = 0;  // too many waited
  std::size_t known_series = 0;     // that are sent, or of which it is still to be said that they have ended
};

class Forwarder {
 public:
  // Fails when a selector is wrong or the folder cannot be used, EBUSY when another process uses it.
  static Result<Forwarder> open(const std::string& folder, const ForwardOptions& options, const Clock& clock);
  Forwarder(Forwarder&&) noexcept;
  Forwarder& operator=(Forwarder&&) noexcept;
  ~Forwarder();  // puts what was handed over into the folder; ends a call that is under way

  // The current values of `live`, which must be the same object each time.
  void forward(const metric::LiveSeries& live);
  // Goes on with other options, in its own time; what waits is sent with them. A wrong selector is an error
  // and changes nothing.
  Result<void> change(const ForwardOptions& options);
  // Returns when all ticks so far wait in the folder, or have been sent.
  void wait_until_queued();
  ForwardCounts counts() const;

 private:
  struct Impl;
  explicit Forwarder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::watch
