// SPDX-License-Identifier: Apache-2.0
#include "sense/host/host_reader.h"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/os_root.h"
#include "sense/host/host_text.h"
#include "sense/kernel_file.h"
#include "sense/psi/pressure.h"
#include "sense/sample.h"

namespace ullage::sense {

struct HostReader::Impl {
  explicit Impl(OsRoot os_root) : root(std::move(os_root)) {}

  OsRoot root;
  KernelFile meminfo{root.path("/proc/meminfo")};
  KernelFile stat{root.path("/proc/stat")};
  KernelFile loadavg{root.path("/proc/loadavg")};
  KernelFile vmstat{root.path("/proc/vmstat")};
  KernelFile diskstats{root.path("/proc/diskstats")};
  KernelFile cpu_pressure{root.path("/proc/pressure/cpu")};
  KernelFile memory_pressure{root.path("/proc/pressure/memory")};
  KernelFile io_pressure{root.path("/proc/pressure/io")};
  std::vector<std::string> whole_disks;

  std::string buffer;

  void find_whole_disks();
};

// /sys/block lists disks, not partitions.
void HostReader::Impl::find_whole_disks() {
  std::error_code error;
  for (std::filesystem::directory_iterator at(root.path("/sys/block"), error), end; !error && at != end;
       at.increment(error))
    whole_disks.push_back(at->path().filename().string());
}

HostReader::HostReader(OsRoot root) : impl_(std::make_unique<Impl>(std::move(root))) {
  impl_->find_whole_disks();
}
HostReader::~HostReader() = default;
HostReader::HostReader(HostReader&&) noexcept = default;
HostReader& HostReader::operator=(HostReader&&) noexcept = default;

HostSample HostReader::read() {
  Impl& impl = *impl_;
  HostSample sample;
  if (const auto text = impl.meminfo.read(impl.buffer)) parse_meminfo(*text, sample);
  if (const auto text = impl.stat.read(impl.buffer)) parse_cpu_stat(*text, impl.root, sample);
  if (const auto text = impl.loadavg.read(impl.buffer)) parse_loadavg(*text, sample);
  if (const auto text = impl.vmstat.read(impl.buffer)) parse_vmstat(*text, sample);
  if (const auto text = impl.diskstats.read(impl.buffer)) parse_diskstats(*text, impl.whole_disks, sample);
  if (const auto text = impl.cpu_pressure.read(impl.buffer)) sample.pressure.cpu = parse_pressure(*text);
  if (const auto text = impl.memory_pressure.read(impl.buffer))
    sample.pressure.memory = parse_pressure(*text);
  if (const auto text = impl.io_pressure.read(impl.buffer)) sample.pressure.io = parse_pressure(*text);
  return sample;
}

}  // namespace ullage::sense
