// SPDX-License-Identifier: Apache-2.0
#include "sense/hardware/hwmon_collector.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"
#include "metric/frame.h"
#include "sense/attribute.h"

namespace ullage::sense {

namespace {

constexpr std::string_view kFolder = "/sys/class/hwmon";
constexpr std::string_view kDigits = "0123456789";

// temp1_crit_alarm: kind temp, sensor temp1, element crit_alarm.
struct SensorFile {
  std::string_view kind, sensor, element;
};

SensorFile parse_sensor_file(std::string_view file) {
  const std::size_t number = std::min(file.find_first_of(kDigits), file.size());
  const std::size_t end = std::min(file.find_first_not_of(kDigits, number), file.size());
  if (number == end || (end < file.size() && file[end] != '_')) return {};
  return {file.substr(0, number), file.substr(0, end), file.substr(std::min(end + 1, file.size()))};
}

struct Scale {
  std::string_view unit;  // the last word of the name
  double factor = 1;
};

// The units of the kernel are thousandths, of power and energy millionths.
Scale scale_of(const SensorFile& file) {
  const auto& [kind, sensor, element] = file;
  if (kind == "temp" && element != "type") return {"_celsius", 1e-3};
  if (kind == "in") return {"_volts", 1e-3};
  if (kind == "curr") return {"_amps", 1e-3};
  if (kind == "power" && element == "accuracy") return {"", 1e-6};
  if (kind == "power" && element.starts_with("average_interval")) return {"_seconds", 1e-3};
  if (kind == "power") return {"_watt", 1e-6};
  if (kind == "energy") return {"_joule_total", 1e-6};
  if (kind == "humidity") return {"", 1e-6};
  constexpr std::string_view kRevolutions[] = {"input", "min", "max", "target"};
  if (kind == "fan" && std::ranges::find(kRevolutions, element) != std::end(kRevolutions)) return {"_rpm", 1};
  return {};
}

bool is_known_kind(std::string_view kind) {
  constexpr std::string_view kKinds[] = {"temp",   "fan",      "in",  "curr",     "power",
                                         "energy", "humidity", "pwm", "intrusion"};
  return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

void add_sensor(metric::Frame& frame, const std::string& path, std::string_view chip,
                const SensorFile& file) {
  if (file.element == "label") {
    const auto label = read_attribute(path);
    if (label && !label->empty())
      frame.add("node_hwmon_sensor_label", {{"chip", chip}, {"sensor", file.sensor}, {"label", *label}}, 1);
    return;
  }
  const auto value = read_number_attribute(path);
  if (!value) return;
  std::string name = "node_hwmon_" + std::string(file.kind);
  const bool is_state = file.element == "alarm" || file.element == "fault" || file.element == "beep";
  const Scale scale = is_state ? Scale{file.element == "beep" ? "_enabled" : "", 1} : scale_of(file);
  if (!file.element.empty() && file.element != "input") name += '_' + std::string(file.element);
  name += scale.unit;
  frame.add(name, {{"chip", chip}, {"sensor", file.sensor}}, static_cast<double>(*value) * scale.factor);
}

// As a label's value: "Acpi-tz" as acpi_tz.
std::string clean(std::string_view text) {
  std::string cleaned(text);
  for (char& c : cleaned) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != ':' && c != '_') c = '_';
  }
  return cleaned;
}

// The name that stays over reboots is the device's place: /sys/devices/platform/coretemp.0 is
// platform_coretemp_0. Without a device the driver's name has to do.
std::string chip_of(const std::string& folder, std::string_view driver) {
  std::error_code error;
  const auto device = std::filesystem::canonical(folder + "/device", error);
  if (!error)
    return clean(device.parent_path().filename().string()) + '_' + clean(device.filename().string());
  if (!driver.empty()) return clean(driver);
  return clean(std::filesystem::path(folder).filename().string());
}

bool add_files(metric::Frame& frame, const std::string& folder, std::string_view chip) {
  bool any = false;
  const auto files = folder_names(folder);
  if (!files) return false;
  for (const std::string& name : *files) {
    const SensorFile file = parse_sensor_file(name);
    if (!is_known_kind(file.kind)) continue;
    add_sensor(frame, folder + '/' + name, chip, file);
    any = true;
  }
  return any;
}

void add_chip(metric::Frame& frame, const std::string& folder) {
  const std::string driver = read_attribute(folder + "/name").value_or("");
  const std::string chip = chip_of(folder, driver);
  if (!driver.empty()) {
    const std::string name = clean(driver);
    frame.add("node_hwmon_chip_names", {{"chip", chip}, {"chip_name", name}}, 1);
  }
  if (const auto interval_ms = read_number_attribute(folder + "/update_interval"))
    frame.add("node_hwmon_update_interval_seconds", {{"chip", chip}, {"sensor", "update_interval0"}},
              static_cast<double>(*interval_ms) * 1e-3);
  // Old drivers have their sensors with the device.
  if (!add_files(frame, folder, chip)) add_files(frame, folder + "/device", chip);
}

}  // namespace

Result<void> HwmonCollector::collect(metric::Frame& frame) {
  const std::string folder = root_.path(kFolder);
  const auto chips = folder_names(folder);
  if (!chips) return fail("cannot be read", std::string(kFolder), "this machine shows no sensors");
  for (const std::string& chip : *chips) add_chip(frame, folder + '/' + chip);
  return {};
}

}  // namespace ullage::sense
