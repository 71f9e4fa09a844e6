// SPDX-License-Identifier: Apache-2.0
#include "sense/system/selinux_collector.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/attribute.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

// SELINUX=enforcing of its configuration: 1, permissive 0, anything else -1.
double configured_mode(const OsRoot& root) {
  const auto text = read_file(root.path("/etc/selinux/config"), kFileBytesMax);
  if (!text) return -1;
  std::string_view rest = *text, line;
  while (take_line(rest, line)) {
    line = trim(line);
    if (!line.starts_with("SELINUX=")) continue;
    const std::string_view mode = trim(line.substr(line.find('=') + 1));
    return mode == "enforcing" ? 1 : mode == "permissive" ? 0 : -1;
  }
  return -1;
}

// lookups hits misses allocations reclaims frees, and a line of them a processor.
void add_cache(std::string_view text, metric::Frame& frame) {
  constexpr std::array<std::string_view, 6> kNames = {
      "node_selinux_avc_lookups_total",  "node_selinux_avc_hits_total",
      "node_selinux_avc_misses_total",   "node_selinux_avc_allocations_total",
      "node_selinux_avc_reclaims_total", "node_selinux_avc_frees_total"};
  std::array<std::uint64_t, kNames.size()> sums{};
  std::string_view line;
  take_line(text, line);
  while (take_line(text, line))
    for (std::uint64_t& sum : sums) sum += take_unsigned(line).value_or(0);
  for (std::size_t i = 0; i < kNames.size(); ++i) frame.add(kNames.at(i), static_cast<double>(sums.at(i)));
}

// entries: 503
// buckets used: 291/512
// longest chain: 5
void add_hash(std::string_view text, metric::Frame& frame) {
  const auto add = [&](std::string_view name, std::string_view digits) {
    if (const auto value = to_unsigned(trim(digits))) frame.add(name, static_cast<double>(*value));
  };
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view key = take_until(line, ':');
    if (key == "entries") add("node_selinux_avc_hash_entries", line);
    if (key == "longest chain") add("node_selinux_avc_hash_longest_chain", line);
    if (key != "buckets used") continue;
    add("node_selinux_avc_hash_buckets_used", take_until(line, '/'));
    add("node_selinux_avc_hash_buckets_available", line);
  }
}

}  // namespace

Result<void> SelinuxCollector::collect(metric::Frame& frame) {
  const std::string folder = root_.path("/sys/fs/selinux");
  const auto mode = read_attribute(folder + "/enforce");
  frame.add("node_selinux_enabled", mode ? 1 : 0);
  if (!mode) return {};
  frame.add("node_selinux_config_mode", configured_mode(root_));
  frame.add("node_selinux_current_mode", trim(*mode) == "1" ? 1 : 0);
  if (const auto text = read_file(folder + "/avc/cache_stats", kFileBytesMax)) add_cache(*text, frame);
  if (const auto text = read_file(folder + "/avc/hash_stats", kFileBytesMax)) add_hash(*text, frame);
  if (const auto text = read_attribute(folder + "/avc/cache_threshold"))
    if (const auto threshold = to_unsigned(trim(*text)))
      frame.add("node_selinux_avc_threshold", static_cast<double>(*threshold));
  return {};
}

}  // namespace ullage::sense
