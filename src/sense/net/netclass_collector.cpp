// SPDX-License-Identifier: Apache-2.0
#include "sense/net/netclass_collector.h"

#include <string>
#include <string_view>

#include "base/result.h"
#include "metric/frame.h"
#include "sense/attribute.h"

namespace ullage::sense {

namespace {

constexpr std::string_view kFolder = "/sys/class/net";

constexpr struct {
  const char* file;
  std::string_view metric;
} kNumbers[] = {
    {"addr_assign_type", "node_network_address_assign_type"},
    {"carrier", "node_network_carrier"},
    {"carrier_changes", "node_network_carrier_changes_total"},
    {"carrier_down_count", "node_network_carrier_down_changes_total"},
    {"carrier_up_count", "node_network_carrier_up_changes_total"},
    {"dev_id", "node_network_device_id"},
    {"dormant", "node_network_dormant"},
    {"flags", "node_network_flags"},
    {"ifindex", "node_network_iface_id"},
    {"iflink", "node_network_iface_link"},
    {"link_mode", "node_network_iface_link_mode"},
    {"mtu", "node_network_mtu_bytes"},
    {"name_assign_type", "node_network_name_assign_type"},
    {"netdev_group", "node_network_net_dev_group"},
    {"type", "node_network_protocol_type"},
    {"tx_queue_len", "node_network_transmit_queue_length"},
};
constexpr double kBytesPerMegabit = 1e6 / 8;

void add_device(metric::Frame& frame, const std::string& folder, std::string_view device) {
  const auto text = [&](const char* file) { return read_attribute(folder + file).value_or(""); };
  const std::string state = text("operstate");
  if (state.empty()) return;  // it went while we looked
  const std::string address = text("address"), broadcast = text("broadcast"), duplex = text("duplex"),
                    alias = text("ifalias");
  frame.add("node_network_info",
            {{"device", device},
             {"address", address},
             {"broadcast", broadcast},
             {"duplex", duplex},
             {"ifalias", alias},
             {"operstate", state}},
            1);
  frame.add("node_network_up", {{"device", device}}, state == "up" ? 1 : 0);
  for (const auto& [file, metric] : kNumbers)
    if (const auto value = read_number_attribute(folder + file))
      frame.add(metric, {{"device", device}}, static_cast<double>(*value));
  // -1 where the driver does not know, and node_exporter gives that as it is.
  if (const auto megabits = read_number_attribute(folder + "speed"))
    frame.add("node_network_speed_bytes", {{"device", device}},
              static_cast<double>(*megabits) * kBytesPerMegabit);
  // Not in /proc/net/dev, and like all of that not given for the loopback.
  if (device == "lo") return;
  if (const auto count = read_number_attribute(folder + "statistics/rx_nohandler"))
    frame.add("node_network_receive_nohandler_total", {{"device", device}}, static_cast<double>(*count));
}

}  // namespace

Result<void> NetclassCollector::collect(metric::Frame& frame) {
  const std::string folder = root_.path(kFolder);
  const auto devices = folder_names(folder);
  if (!devices) return fail("cannot be read", std::string(kFolder));
  // Files such as bonding_masters lie among the devices: they have no state.
  for (const std::string& device : *devices) add_device(frame, folder + '/' + device + '/', device);
  return {};
}

}  // namespace ullage::sense
