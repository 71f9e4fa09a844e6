// SPDX-License-Identifier: Apache-2.0
// What stands behind a cgroup, as its path tells: a unit of systemd (systemd.slice(5), systemd.scope(5)), a
// container of one of the runtimes, a pod of Kubernetes, a job of Slurm. Each of these writes its paths in
// one or two ways, which the test lists. Asks nobody; pure.
#pragma once

#include <string>
#include <string_view>

namespace ullage::sense {

struct CgroupIdentity {
  std::string unit;       // the innermost service or scope ("nginx.service"); of a container: that it runs in
  std::string container;  // its id, or its name where the runtime uses names; empty: none
  std::string runtime;    // docker, podman, containerd, cri-o, lxc, nspawn, qemu; empty: it does not tell
  std::string pod_uid;    // with dashes, as Kubernetes has it
  std::string slurm_job;
  bool is_below_container = false;  // a cgroup that the container itself made

  bool operator==(const CgroupIdentity&) const = default;
};
CgroupIdentity identify_cgroup(std::string_view path);

// As people and `docker ps` abbreviate it: the first 12 digits of an id; a name as it is.
std::string_view short_container(std::string_view container);

}  // namespace ullage::sense
