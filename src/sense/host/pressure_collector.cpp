// SPDX-License-Identifier: Apache-2.0
#include "sense/host/pressure_collector.h"

#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/kernel_file.h"
#include "sense/psi/pressure.h"
#include "sense/sample.h"

namespace ullage::sense {

PressureCollector::PressureCollector(const OsRoot& root)
    : cpu_(root.path("/proc/pressure/cpu")),
      io_(root.path("/proc/pressure/io")),
      memory_(root.path("/proc/pressure/memory")),
      irq_(root.path("/proc/pressure/irq")) {}

Result<void> PressureCollector::collect(metric::Frame& frame) {
  bool any = false;
  // "full" of processors says nothing of a whole machine, and of interrupts there is no "some".
  const auto add = [&](KernelFile& file, std::string_view waiting, std::string_view stalled) {
    const auto text = file.read(buffer_);
    if (!text || !text->ends_with('\n')) return;
    const PressureSample pressure = parse_pressure(*text);
    if (pressure.some_seconds && !waiting.empty()) frame.add(waiting, *pressure.some_seconds);
    if (pressure.full_seconds && !stalled.empty()) frame.add(stalled, *pressure.full_seconds);
    any = any || pressure.some_seconds || pressure.full_seconds;
  };
  add(cpu_, "node_pressure_cpu_waiting_seconds_total", "");
  add(io_, "node_pressure_io_waiting_seconds_total", "node_pressure_io_stalled_seconds_total");
  add(memory_, "node_pressure_memory_waiting_seconds_total", "node_pressure_memory_stalled_seconds_total");
  add(irq_, "", "node_pressure_irq_stalled_seconds_total");
  if (!any) return fail("cannot be read", "/proc/pressure", "the kernel needs CONFIG_PSI, and psi=1 on some");
  return {};
}

}  // namespace ullage::sense
