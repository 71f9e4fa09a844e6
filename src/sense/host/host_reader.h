// SPDX-License-Identifier: Apache-2.0
// The machine: /proc/meminfo, stat, loadavg, vmstat, diskstats and pressure, through descriptors kept open.
#pragma once

#include <memory>

#include "base/os_root.h"
#include "sense/sample.h"

namespace ullage::sense {

class HostReader {
 public:
  explicit HostReader(OsRoot root);
  ~HostReader();
  HostReader(HostReader&&) noexcept;
  HostReader& operator=(HostReader&&) noexcept;
  HostSample read();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::sense
