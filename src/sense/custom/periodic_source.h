// SPDX-License-Identifier: Apache-2.0
// Work that may take long (a request, another program, a folder on a network disk), done again and again on a
// thread of its own. Who asks gets the newest finished reading and never waits. After a failure the next try
// comes later and later, up to a minute; work that does not come back is an error, for old values are not
// those of now.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {

class PeriodicSource {
 public:
  // Owns all it needs, for it may outlive the source when it does not come back. Time, duration and edition
  // are filled in by the source.
  using Work = std::function<CustomReading(const std::stop_token&)>;

  // The clock lives as long as the program: a thread that was given up may ask it still.
  PeriodicSource(std::string name, std::chrono::milliseconds interval, const Clock& clock, Work work);
  PeriodicSource(PeriodicSource&&) noexcept = default;
  PeriodicSource& operator=(PeriodicSource&&) = delete;
  PeriodicSource(const PeriodicSource&) = delete;
  PeriodicSource& operator=(const PeriodicSource&) = delete;
  // Waits for work that is being done, two seconds at most.
  ~PeriodicSource();

  const std::string& name() const { return name_; }
  std::chrono::milliseconds interval() const { return interval_; }
  // Null before the first has finished.
  std::shared_ptr<const CustomReading> newest() const;
  // Asks it to end, without waiting: who ends many asks all first.
  void request_stop();
  // The same, and lets go of it: its thread ends when its work does.
  void abandon();

 private:
  struct Shared;
  std::string name_;
  std::chrono::milliseconds interval_;
  std::shared_ptr<Shared> shared_;
};

// When to try again after so many failures, one after the other.
std::chrono::milliseconds retry_after(std::chrono::milliseconds interval, int failures);

}  // namespace ullage::sense
