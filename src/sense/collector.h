// SPDX-License-Identifier: Apache-2.0
// A source of the watching daemon: reads one part of the machine and names what it reads. Each is a file pair
// with its test and its fixture, and a line in collectors.cpp; its metrics stand in metric/descriptor.cpp.
// Collectors read what has to be read each second and return at once; what may block (a network file
// system, another program) is read elsewhere and handed in.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"

namespace ullage::sense {

class Collector {
 public:
  virtual ~Collector() = default;
  // Adds all values of this moment. What the kernel does not tell is not added; an error says that the part
  // as a whole cannot be read here.
  virtual Result<void> collect(metric::Frame& frame) = 0;
};

struct CollectorEntry {
  std::string_view name;  // as in ullage_collector_success{collector="…"}
  std::string_view reads;
  std::unique_ptr<Collector> (*make)(const OsRoot& root);
};
std::span<const CollectorEntry> collectors();

}  // namespace ullage::sense
