// SPDX-License-Identifier: Apache-2.0
// Reads this machine for MachineView, without a daemon: the host, the limits that apply here, the network,
// all processes, and of each what its own cgroups leave it. One thread.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "top/machine_view.h"

namespace ullage::top {

class MachineReader {
 public:
  // The clock must outlive it.
  MachineReader(const OsRoot& root, const Clock& clock);
  ~MachineReader();
  MachineReader(MachineReader&&) noexcept;
  MachineReader& operator=(MachineReader&&) noexcept;

  // The spans in it are valid until the next call.
  Result<MachineReading> read();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::top
