// SPDX-License-Identifier: Apache-2.0
#include "sense/hardware/cpufreq_collector.h"

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/attribute.h"

namespace ullage::sense {

namespace {

constexpr struct {
  const char* file;
  std::string_view metric;
} kFrequencies[] = {
    {"cpuinfo_cur_freq", "node_cpu_frequency_hertz"},  // for root only
    {"cpuinfo_max_freq", "node_cpu_frequency_max_hertz"},
    {"cpuinfo_min_freq", "node_cpu_frequency_min_hertz"},
    {"scaling_cur_freq", "node_cpu_scaling_frequency_hertz"},
    {"scaling_max_freq", "node_cpu_scaling_frequency_max_hertz"},
    {"scaling_min_freq", "node_cpu_scaling_frequency_min_hertz"},
};

}  // namespace

Result<void> CpufreqCollector::collect(metric::Frame& frame) {
  const std::string folder = root_.path("/sys/devices/system/cpu");
  const auto names = folder_names(folder);
  if (!names) return fail("cannot be read", "/sys/devices/system/cpu");
  for (const std::string& name : *names) {
    if (!name.starts_with("cpu")) continue;
    const std::string cpu = name.substr(3);
    if (!to_unsigned(cpu)) continue;  // cpufreq, cpuidle
    for (const auto& [file, metric] : kFrequencies)
      if (const auto kilohertz = read_number_attribute(folder + '/' + name + "/cpufreq/" + file))
        frame.add(metric, {{"cpu", cpu}}, static_cast<double>(*kilohertz) * 1000);
  }
  return {};
}

}  // namespace ullage::sense
