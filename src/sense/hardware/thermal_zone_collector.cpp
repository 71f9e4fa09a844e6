// SPDX-License-Identifier: Apache-2.0
#include "sense/hardware/thermal_zone_collector.h"

#include <string>
#include <string_view>

#include "base/result.h"
#include "metric/frame.h"
#include "sense/attribute.h"

namespace ullage::sense {

Result<void> ThermalZoneCollector::collect(metric::Frame& frame) {
  constexpr std::string_view kZone = "thermal_zone", kDevice = "cooling_device";
  const std::string folder = root_.path("/sys/class/thermal");
  const auto names = folder_names(folder);
  if (!names) return fail("cannot be read", "/sys/class/thermal");
  for (const std::string& name : *names) {
    const std::string place = folder + '/' + name;
    const std::string type = read_attribute(place + "/type").value_or("");
    if (name.starts_with(kZone)) {
      const std::string zone = name.substr(kZone.size());
      if (const auto millidegrees = read_number_attribute(place + "/temp"))
        frame.add("node_thermal_zone_temp", {{"zone", zone}, {"type", type}},
                  static_cast<double>(*millidegrees) / 1000);
    } else if (name.starts_with(kDevice)) {
      const std::string number = name.substr(kDevice.size());
      if (const auto state = read_number_attribute(place + "/cur_state"))
        frame.add("node_cooling_device_cur_state", {{"name", number}, {"type", type}},
                  static_cast<double>(*state));
      if (const auto state = read_number_attribute(place + "/max_state"))
        frame.add("node_cooling_device_max_state", {{"name", number}, {"type", type}},
                  static_cast<double>(*state));
    }
  }
  return {};
}

}  // namespace ullage::sense
