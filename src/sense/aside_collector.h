// SPDX-License-Identifier: Apache-2.0
// A collector whose readings may take long (a sensor on a slow bus, a file behind a lock), read on a thread
// of its own: collect() gives the newest finished reading again and asks for another every few ticks, so that
// no tick waits. Only the first waits a moment, so that what is quick is there from the beginning; a reading
// that does not end is an error after a while, for old values are not those of now.
#pragma once

#include <memory>

#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class AsideCollector final : public Collector {
 public:
  AsideCollector(std::unique_ptr<Collector> inner, int ticks_a_reading);
  ~AsideCollector() override;  // does not wait for a reading that hangs: the thread is left to it
  Result<void> collect(metric::Frame& frame) override;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  int ticks_a_reading_;
  int ticks_until_asked_ = 0;
  int ticks_unanswered_ = 0;
};

}  // namespace ullage::sense
