// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/container_names.h"

#include <cstddef>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/os_root.h"

namespace ullage::sense {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostBytes = 16 << 20;

std::optional<Json> read_json(const OsRoot& root, const std::string& path) {
  const auto text = read_file(root.path(path), kMostBytes);
  if (!text) return std::nullopt;
  Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

// The text under these names, one within the other; empty when there is none.
std::string text_at(const Json& json, std::initializer_list<const char*> names) {
  const Json* at = &json;
  for (const char* name : names) {
    if (!at->is_object()) return {};
    const auto found = at->find(name);
    if (found == at->end()) return {};
    at = &*found;
  }
  return at->is_string() ? at->get<std::string>() : std::string();
}

ContainerNames docker_names(const Json& json) {
  ContainerNames names;
  names.name = text_at(json, {"Name"});
  if (names.name.starts_with('/')) names.name.erase(0, 1);
  names.image = text_at(json, {"Config", "Image"});
  names.pod = text_at(json, {"Config", "Labels", "io.kubernetes.pod.name"});
  names.pod_namespace = text_at(json, {"Config", "Labels", "io.kubernetes.pod.namespace"});
  names.container = text_at(json, {"Config", "Labels", "io.kubernetes.container.name"});
  return names;
}

ContainerNames containerd_names(const Json& json) {
  ContainerNames names;
  names.container = text_at(json, {"annotations", "io.kubernetes.cri.container-name"});
  names.image = text_at(json, {"annotations", "io.kubernetes.cri.image-name"});
  names.pod = text_at(json, {"annotations", "io.kubernetes.cri.sandbox-name"});
  names.pod_namespace = text_at(json, {"annotations", "io.kubernetes.cri.sandbox-namespace"});
  names.name = names.container;
  if (names.name.empty()) names.name = text_at(json, {"annotations", "nerdctl/name"});
  return names;
}

// An array of {"id", "names": […], "metadata": JSON as text}.
ContainerNames storage_names(const Json& json, const std::string& id) {
  ContainerNames names;
  if (!json.is_array()) return names;
  for (const Json& container : json) {
    if (text_at(container, {"id"}) != id) continue;
    const Json metadata = Json::parse(text_at(container, {"metadata"}), nullptr, false);
    names.image = text_at(metadata, {"image-name"});
    names.name = text_at(metadata, {"name"});
    names.container = text_at(metadata, {"container-name"});
    names.pod = text_at(metadata, {"pod-name"});
    names.pod_namespace = text_at(metadata, {"pod-namespace"});
    const auto list = container.find("names");
    if (names.name.empty() && list != container.end() && list->is_array() && !list->empty() &&
        list->front().is_string())
      names.name = list->front().get<std::string>();
  }
  return names;
}

}  // namespace

ContainerNames read_container_names(const OsRoot& root, const std::string& container_id) {
  // It becomes part of a path.
  if (container_id.find('/') != std::string::npos) return {};
  if (const auto json = read_json(root, "/var/lib/docker/containers/" + container_id + "/config.v2.json"))
    return docker_names(*json);
  for (const std::string_view space : {"k8s.io", "default", "moby"}) {
    const std::string bundle = "/run/containerd/io.containerd.runtime.v2.task/" + std::string(space) + '/';
    if (const auto json = read_json(root, bundle + container_id + "/config.json"))
      return containerd_names(*json);
  }
  for (const std::string_view driver : {"overlay", "btrfs", "vfs", "zfs"}) {
    const std::string storage = "/var/lib/containers/storage/" + std::string(driver) + "-containers/";
    if (const auto json = read_json(root, storage + "containers.json"))
      return storage_names(*json, container_id);
  }
  return {};
}

}  // namespace ullage::sense
