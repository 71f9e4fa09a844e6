// SPDX-License-Identifier: Apache-2.0
#include "sense/net/netdev_collector.h"

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

// The columns of /proc/net/dev (net/core/net-procfs.c, dev_seq_printf_stats).
constexpr std::string_view kColumns[] = {
    "node_network_receive_bytes_total",      "node_network_receive_packets_total",
    "node_network_receive_errs_total",       "node_network_receive_drop_total",
    "node_network_receive_fifo_total",       "node_network_receive_frame_total",
    "node_network_receive_compressed_total", "node_network_receive_multicast_total",
    "node_network_transmit_bytes_total",     "node_network_transmit_packets_total",
    "node_network_transmit_errs_total",      "node_network_transmit_drop_total",
    "node_network_transmit_fifo_total",      "node_network_transmit_colls_total",
    "node_network_transmit_carrier_total",   "node_network_transmit_compressed_total",
};

}  // namespace

//   eth0: 631629533   13181    0    0    0     0          0         0   756868    7917    0 …
Result<void> NetdevCollector::add_values(std::string_view text, metric::Frame& frame) {
  std::string_view line;
  while (take_line(text, line)) {
    // The name may hold a colon itself (an alias such as eth0:1), a count cannot.
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) continue;  // the two lines of headings
    const std::string_view device = trim(line.substr(0, colon));
    if (device == "lo") continue;
    std::string_view counts = line.substr(colon + 1);
    for (const std::string_view metric : kColumns) {
      const auto count = take_unsigned(counts);
      if (!count) return broken("not the counts of a device", line);
      frame.add(metric, {{"device", device}}, static_cast<double>(*count));
    }
  }
  return {};
}

}  // namespace ullage::sense
