// SPDX-License-Identifier: Apache-2.0
// Mounted file systems, out of /proc/PID/mounts (fstab(5)'s form), and which of them say something about
// space: those of the kernel's own and of containers do not. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ullage::sense {

struct Mount {
  std::string device;
  std::string folder;
  std::string type;
  bool is_read_only = false;
};

// In the order of the text, without second mentions of the same and without what has_space_to_tell refuses.
std::vector<Mount> parse_mounts(std::string_view text);
// As node_exporter leaves out types and mount points by itself.
bool has_space_to_tell(std::string_view folder, std::string_view type);

}  // namespace ullage::sense
