// SPDX-License-Identifier: Apache-2.0
#include "sense/disk/disk_info_collector.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/disk/diskstats_collector.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

// E:NAME=value lines (systemd, src/libsystemd/sd-device); those of other letters say other things.
class UdevProperties {
 public:
  explicit UdevProperties(std::string_view text) {
    std::string_view line;
    while (take_line(text, line)) {
      if (!line.starts_with("E:")) continue;
      line.remove_prefix(2);
      if (const std::size_t equals = line.find('='); equals != std::string_view::npos)
        values_[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
  }
  std::string_view operator[](const char* name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string_view() : std::string_view(found->second);
  }

 private:
  std::map<std::string, std::string> values_;
};

// The one on the disk's label first.
std::string_view serial_of(const UdevProperties& udev) {
  for (const char* name : {"SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"})
    if (const std::string_view serial = udev[name]; !serial.empty()) return serial;
  return {};
}

void add_contents(std::string_view device, const UdevProperties& udev, metric::Frame& frame) {
  if (!udev["ID_FS_TYPE"].empty())
    frame.add("node_disk_filesystem_info",
              {{"device", device},
               {"type", udev["ID_FS_TYPE"]},
               {"usage", udev["ID_FS_USAGE"]},
               {"uuid", udev["ID_FS_UUID"]},
               {"version", udev["ID_FS_VERSION"]}},
              1);
  if (!udev["DM_NAME"].empty())
    frame.add("node_disk_device_mapper_info",
              {{"device", device},
               {"name", udev["DM_NAME"]},
               {"uuid", udev["DM_UUID"]},
               {"vg_name", udev["DM_VG_NAME"]},
               {"lv_name", udev["DM_LV_NAME"]},
               {"lv_layer", udev["DM_LV_LAYER"]}},
              1);
}

void add_ata(std::string_view device, const UdevProperties& udev, metric::Frame& frame) {
  if (udev["ID_ATA"].empty()) return;
  constexpr struct {
    const char* property;
    std::string_view metric;
  } kProperties[] = {{"ID_ATA_WRITE_CACHE", "node_disk_ata_write_cache"},
                     {"ID_ATA_WRITE_CACHE_ENABLED", "node_disk_ata_write_cache_enabled"},
                     {"ID_ATA_ROTATION_RATE_RPM", "node_disk_ata_rotation_rate_rpm"}};
  for (const auto& [property, metric] : kProperties)
    if (const auto value = to_double(udev[property])) frame.add(metric, {{"device", device}}, *value);
}

}  // namespace

Result<void> DiskInfoCollector::collect(metric::Frame& frame) {
  const auto disks = read_file(root_.path("/proc/diskstats"), kFileBytesMax);
  if (!disks) return fail("cannot be read", "/proc/diskstats");
  std::string_view text = *disks, line;
  while (take_line(text, line)) {
    const std::string_view major = take_word(line), minor = take_word(line), device = take_word(line);
    if (device.empty() || is_no_whole_disk(device)) continue;
    // Without udev (a container) the numbers are all that is known.
    const auto data = read_file(
        root_.path("/run/udev/data/b" + std::string(major) + ':' + std::string(minor)), kFileBytesMax);
    const UdevProperties udev(data ? std::string_view(*data) : std::string_view());
    frame.add("node_disk_info",
              {{"device", device},
               {"major", major},
               {"minor", minor},
               {"path", udev["ID_PATH"]},
               {"wwn", udev["ID_WWN"]},
               {"model", udev["ID_MODEL"]},
               {"serial", serial_of(udev)},
               {"revision", udev["ID_REVISION"]}},
              1);
    add_contents(device, udev, frame);
    add_ata(device, udev, frame);
  }
  return {};
}

}  // namespace ullage::sense
