// SPDX-License-Identifier: Apache-2.0
// What a cage is put together from: one cgroup v2 (where it may stand is the hard part) and one cgroup v1 a
// controller. Each says what it holds, and in words why it does not hold the rest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "act/cage.h"
#include "act/cgroup_folder.h"

namespace ullage::act {

inline constexpr int kPeriodUs = 100'000;   // of a CPU quota: the kernel's default
inline constexpr int kLeastQuotaUs = 1000;  // the kernel refuses less

// A limit as a cgroup holds it, read back; or why not.
struct HeldValue {
  std::optional<double> got;
  std::string problem;
};

// The run's cgroup v2. Where the controllers that the limits need can be had: our own cgroup, if it is the
// root or we are alone in it (then we move into a leaf of our own beside the run's); else the nearest
// ancestor that we may write to and that hands them out, provided that what limits us on the way there is
// carried over. Without limits only directly under our own cgroup, with whatever that has.
class UnifiedCage {
 public:
  static std::optional<UnifiedCage> make(const std::string& own, const std::string& name,
                                         const LimitRequest& request, std::string& problem);
  const CgroupFolder& folder() const { return folder_; }
  // A `got` and `problem` both empty: the cgroup has not got that controller, and make() has said why.
  HeldValue limit_memory(std::uint64_t bytes);
  HeldValue limit_cores(double cores);
  HeldValue limit_processes(std::uint64_t count);
  // When nobody lives in it; then we go back to where we came from.
  bool remove();

  // What limits us in the cgroups that the run's does not stand under.
  struct Carried {
    std::map<std::string, std::uint64_t> counts;  // by file: memory.max …
    std::optional<double> cores;
  };
  // Where it may stand: a cgroup, and what was changed there.
  struct Site {
    std::string base;
    Carried carried;
    std::vector<std::string> enabled;  // controllers turned on for its children
    std::optional<CgroupFolder> leaf;  // where we moved ourselves, out of base's way
  };

 private:
  UnifiedCage(CgroupFolder folder, Site site) : folder_(std::move(folder)), site_(std::move(site)) {}
  static std::optional<UnifiedCage> settle(Site site, const std::string& name, std::string& problem);
  HeldValue limit_count(const std::string& file, std::uint64_t count);

  CgroupFolder folder_;
  Site site_;
};

// One v1 controller's cgroup under `site`; nothing and a problem where it cannot be made.
std::optional<CgroupFolder> make_v1_folder(const std::string& site, const std::string& controller,
                                           const std::string& name, std::string& problem);
HeldValue limit_memory_v1(const CgroupFolder& folder, std::uint64_t bytes);
HeldValue limit_cores_v1(const CgroupFolder& folder, double cores);
HeldValue limit_processes_v1(const CgroupFolder& folder, std::uint64_t count);

// Adds a reason to the others.
void add_problem(std::string& problems, const std::string& problem);

}  // namespace ullage::act
