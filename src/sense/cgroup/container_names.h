// SPDX-License-Identifier: Apache-2.0
// How a container's runtime calls it, from what the runtime keeps on disk: Docker's config.v2.json, the OCI
// bundle of containerd (with what the kubelet notes in it), and the list of containers/storage, which is
// Podman's and CRI-O's. Asks no daemon; mostly only root may read these. Where nothing is known, empty.
#pragma once

#include <string>

#include "base/os_root.h"

namespace ullage::sense {

struct ContainerNames {
  std::string name;                           // "web", "k8s_…": as `docker ps` or `crictl ps` has it
  std::string image;                          // "nginx:1.27"
  std::string pod, pod_namespace, container;  // as Kubernetes has them
};
ContainerNames read_container_names(const OsRoot& root, const std::string& container_id);

}  // namespace ullage::sense
