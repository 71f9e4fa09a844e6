// SPDX-License-Identifier: Apache-2.0
#include "sense/disk/diskstats_collector.h"

#include <cstddef>
#include <iterator>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

enum class Unit { count, sectors, milliseconds };

// In the order of the file; discards came with Linux 4.18, flushes with 5.5.
constexpr struct {
  std::string_view metric;
  Unit unit;
} kFields[] = {
    {"node_disk_reads_completed_total", Unit::count},
    {"node_disk_reads_merged_total", Unit::count},
    {"node_disk_read_bytes_total", Unit::sectors},
    {"node_disk_read_time_seconds_total", Unit::milliseconds},
    {"node_disk_writes_completed_total", Unit::count},
    {"node_disk_writes_merged_total", Unit::count},
    {"node_disk_written_bytes_total", Unit::sectors},
    {"node_disk_write_time_seconds_total", Unit::milliseconds},
    {"node_disk_io_now", Unit::count},
    {"node_disk_io_time_seconds_total", Unit::milliseconds},
    {"node_disk_io_time_weighted_seconds_total", Unit::milliseconds},
    {"node_disk_discards_completed_total", Unit::count},
    {"node_disk_discards_merged_total", Unit::count},
    {"node_disk_discarded_sectors_total", Unit::count},
    {"node_disk_discard_time_seconds_total", Unit::milliseconds},
    {"node_disk_flush_requests_total", Unit::count},
    {"node_disk_flush_requests_time_seconds_total", Unit::milliseconds},
};
constexpr std::size_t kFieldsAlways = 11;
constexpr double kSectorBytes = 512;  // of /proc/diskstats, whatever the device's own

double in_base_units(double value, Unit unit) {
  switch (unit) {
    case Unit::count:
      return value;
    case Unit::sectors:
      return value * kSectorBytes;
    case Unit::milliseconds:
      return value / 1000;
  }
  return value;
}

bool is_lower_letter(char c) { return c >= 'a' && c <= 'z'; }

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool take_digits(std::string_view& text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos) return false;
  text.remove_prefix(end);
  return true;
}

}  // namespace

//  254       0 vda 55408 8736 4787666 90358 38940 34367 7563072 21684 0 13240 113236 …
Result<void> DiskstatsCollector::add_values(std::string_view text, metric::Frame& frame) {
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view whole = line;
    take_word(line);
    take_word(line);
    const std::string_view device = take_word(line);
    if (device.empty()) return broken("not a disk", whole);
    if (is_no_whole_disk(device)) continue;
    for (std::size_t i = 0; i < std::size(kFields); ++i) {
      const std::string_view word = take_word(line);
      if (word.empty() && i >= kFieldsAlways) break;
      const auto value = to_unsigned(word);
      if (!value) return broken("not the counts of a disk", whole);
      frame.add(kFields[i].metric, {{"device", device}},
                in_base_units(static_cast<double>(*value), kFields[i].unit));
    }
  }
  return {};
}

// ^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$
bool is_no_whole_disk(std::string_view device) {
  for (const std::string_view kind : {"ram", "loop", "fd"})
    if (device.starts_with(kind) && is_digits(device.substr(kind.size()))) return true;
  for (const std::string_view kind : {"hd", "sd", "vd", "xvd"})
    if (device.starts_with(kind) && device.size() > kind.size() && is_lower_letter(device[kind.size()]) &&
        is_digits(device.substr(kind.size() + 1)))
      return true;
  return take_prefix(device, "nvme") && take_digits(device) && take_prefix(device, "n") &&
         take_digits(device) && take_prefix(device, "p") && is_digits(device);
}

}  // namespace ullage::sense
