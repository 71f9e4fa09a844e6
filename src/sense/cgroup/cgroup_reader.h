// SPDX-License-Identifier: Apache-2.0
// One cgroup's figures, v2 or v1 behind the same face, through descriptors kept open.
#pragma once

#include <memory>

#include "base/os_root.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/sample.h"

namespace ullage::sense {

class CgroupReader {
 public:
  CgroupReader(OsRoot root, CgroupPlace place);
  ~CgroupReader();
  CgroupReader(CgroupReader&&) noexcept;
  CgroupReader& operator=(CgroupReader&&) noexcept;
  // quick: use only, what changes from moment to moment; the rest (limits, marks, pressure) is as at the last
  // reading of all.
  enum class Which { all, quick };
  CgroupSample read(Which which = Which::all);
  // Gives the descriptors back until the next reading.
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What a quick reading reads anew of a cgroup, and nothing else.
CgroupSample often_read(CgroupSample sample);

}  // namespace ullage::sense
