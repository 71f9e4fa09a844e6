// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroup_identity.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kIdDigits = 64;  // of a container's id: SHA-256 in size
constexpr std::size_t kShortDigits = 12;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool is_container_id(std::string_view text) { return text.size() == kIdDigits && is_hex(text); }

struct Prefix {
  std::string_view text;
  std::string_view runtime;
};
// Before the id in the name of a scope (systemd's cgroup driver), or between colons.
constexpr std::array<Prefix, 6> kPrefixes = {{{"docker-", "docker"},
                                              {"libpod-", "podman"},
                                              {"cri-containerd-", "containerd"},
                                              {"crio-", "cri-o"},
                                              {"nerdctl-", "containerd"},
                                              {"containerd-", "containerd"}}};
// The folder above an id (the cgroupfs driver).
constexpr std::array<Prefix, 6> kParents = {{{"docker", "docker"},
                                             {"buildkit", "docker"},
                                             {"libpod_parent", "podman"},
                                             {"k8s.io", "containerd"},
                                             {"moby", "docker"},
                                             {"default", "containerd"}}};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}
bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// "\x2d" is a dash in the names of units (systemd-escape(1)).
std::string unescape_unit(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (take_prefix(text, "\\x2d")) {
      plain += '-';
    } else {
      plain += text.front();
      text.remove_prefix(1);
    }
  }
  return plain;
}

// An id: docker-1a….scope, 1a…, kubepods-….slice:cri-containerd:1a….
bool find_id(std::string_view part, std::string_view parent, CgroupIdentity& identity) {
  take_suffix(part, ".scope");
  const std::size_t colon = part.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view id = part.substr(colon + 1);
    const std::string before = std::string(part.substr(0, colon)) + '-';
    if (!is_container_id(id)) return false;
    for (const Prefix& known : kPrefixes)
      if (before.ends_with(known.text)) identity.runtime = known.runtime;
    identity.container = id;
    return true;
  }
  for (const Prefix& known : kPrefixes)
    if (part.starts_with(known.text) && is_container_id(part.substr(known.text.size()))) {
      identity.runtime = known.runtime;
      identity.container = part.substr(known.text.size());
      return true;
    }
  // libpod- without systemd, too, is caught above.
  if (!is_container_id(part)) return false;
  for (const Prefix& known : kParents)
    if (parent == known.text) identity.runtime = known.runtime;
  identity.container = part;
  return true;
}

// Runtimes that use names: lxc.payload.web, /lxc/web, machine-web.scope, systemd-nspawn@web.service.
bool find_name(std::string_view part, std::string_view parent, CgroupIdentity& identity) {
  const auto is = [&](std::string_view runtime, std::string_view name) {
    identity.runtime = runtime;
    identity.container = unescape_unit(name);
    return true;
  };
  if (take_prefix(part, "lxc.payload.")) return is("lxc", part);
  if (parent == "lxc") return is("lxc", part);
  if (part.starts_with("systemd-nspawn@") && take_suffix(part, ".service"))
    return is("nspawn", part.substr(part.find('@') + 1));
  if (part.starts_with("machine-") && take_suffix(part, ".scope")) {
    part.remove_prefix(std::string_view("machine-").size());
    // libvirt: machine-qemu\x2d7\x2dweb.scope
    const std::string name = unescape_unit(part);
    return is(name.starts_with("qemu-") ? "qemu" : "nspawn", name);
  }
  return false;
}

// pod3f7b….slice, kubepods-burstable-pod3f7b_….slice. Pods that the kubelet has from files have 32 digits
// without dashes.
std::optional<std::string> find_pod(std::string_view part) {
  if (const std::size_t colon = part.find(':'); colon != std::string_view::npos) part = part.substr(0, colon);
  take_suffix(part, ".slice");
  const std::size_t at = part.rfind("pod");
  if (at == std::string_view::npos || (at > 0 && part[at - 1] != '-')) return std::nullopt;
  std::string uid(part.substr(at + 3));
  std::ranges::replace(uid, '_', '-');
  std::string digits = uid;
  std::erase(digits, '-');
  if (digits.size() != 32 || !is_hex(digits)) return std::nullopt;
  return uid;
}

std::optional<std::string> find_slurm_job(std::string_view part) {
  if (!take_prefix(part, "job_") || !to_unsigned(part)) return std::nullopt;
  return std::string(part);
}

bool is_unit(std::string_view part) {
  return part.ends_with(".service") || part.ends_with(".scope") || part.ends_with(".mount") ||
         part.ends_with(".socket") || part.ends_with(".swap");
}

}  // namespace

CgroupIdentity identify_cgroup(std::string_view path) {
  CgroupIdentity identity;
  std::string_view parent;
  bool is_slurm = false;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view part = take_until(rest, '/');
    if (part.empty()) continue;
    if (!identity.container.empty()) {
      identity.is_below_container = true;
      break;
    }
    if (identity.pod_uid.empty() && path.find("kubepods") != std::string_view::npos)
      identity.pod_uid = find_pod(part).value_or("");
    is_slurm = is_slurm || part.starts_with("slurm");
    if (is_slurm && identity.slurm_job.empty()) identity.slurm_job = find_slurm_job(part).value_or("");
    const bool is_container = find_id(part, parent, identity) || find_name(part, parent, identity);
    if (is_unit(part) && (!is_container || identity.unit.empty())) identity.unit = part;
    parent = part;
  }
  return identity;
}

std::string_view short_container(std::string_view container) {
  return is_container_id(container) ? container.substr(0, kShortDigits) : container;
}

}  // namespace ullage::sense
