// SPDX-License-Identifier: Apache-2.0
#include "sense/net/arp_collector.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

// IP address       HW type     Flags       HW address            Mask     Device
// 192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0
Result<void> ArpCollector::add_values(std::string_view text, metric::Frame& frame) {
  constexpr int kDeviceAt = 5;
  devices_.clear();
  std::string_view line;
  take_line(text, line);  // the headings
  while (take_line(text, line)) {
    const std::string_view whole = line;
    for (int i = 0; i < kDeviceAt; ++i) take_word(line);
    const std::string_view device = take_word(line);
    if (device.empty()) return broken("not a neighbour", whole);
    const auto known = std::ranges::find(devices_, device, &std::pair<std::string_view, std::size_t>::first);
    if (known == devices_.end())
      devices_.emplace_back(device, 1);
    else
      ++known->second;
  }
  for (const auto& [device, count] : devices_)
    frame.add("node_arp_entries", {{"device", device}}, static_cast<double>(count));
  return {};
}

}  // namespace ullage::sense
