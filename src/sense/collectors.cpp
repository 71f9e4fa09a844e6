// SPDX-License-Identifier: Apache-2.0
// The list of what the watching daemon reads: a line each. Processes and cgroups, which have options and are
// looked at by others too, are made by the daemon itself.
#include <memory>
#include <span>

#include "base/os_root.h"
#include "sense/aside_collector.h"
#include "sense/collector.h"
#include "sense/disk/disk_info_collector.h"
#include "sense/disk/diskstats_collector.h"
#include "sense/disk/filesystem_collector.h"
#include "sense/hardware/cpufreq_collector.h"
#include "sense/hardware/hwmon_collector.h"
#include "sense/hardware/thermal_zone_collector.h"
#include "sense/host/loadavg_collector.h"
#include "sense/host/meminfo_collector.h"
#include "sense/host/pressure_collector.h"
#include "sense/host/schedstat_collector.h"
#include "sense/host/stat_collector.h"
#include "sense/host/vmstat_collector.h"
#include "sense/net/arp_collector.h"
#include "sense/net/conntrack_collector.h"
#include "sense/net/netclass_collector.h"
#include "sense/net/netdev_collector.h"
#include "sense/net/netstat_collector.h"
#include "sense/net/sockstat_collector.h"
#include "sense/net/softnet_collector.h"
#include "sense/net/udp_queues_collector.h"
#include "sense/system/entropy_collector.h"
#include "sense/system/filefd_collector.h"
#include "sense/system/os_collector.h"
#include "sense/system/selinux_collector.h"
#include "sense/system/time_collector.h"
#include "sense/system/timex_collector.h"
#include "sense/system/uname_collector.h"

namespace ullage::sense {

namespace {

template <class Kind>
std::unique_ptr<Collector> make(const OsRoot& root) {
  return std::make_unique<Kind>(root);
}

// Read every so many ticks, on a thread of its own.
template <class Kind, int ticks_a_reading>
std::unique_ptr<Collector> make_aside(const OsRoot& root) {
  return std::make_unique<AsideCollector>(std::make_unique<Kind>(root), ticks_a_reading);
}

// clang-format off: a table reads best with a row on a line
constexpr CollectorEntry kCollectors[] = {
    {"arp", "/proc/net/arp", make<ArpCollector>},
    {"conntrack", "/proc/sys/net/netfilter", make<ConntrackCollector>},
    {"cpufreq", "/sys/devices/system/cpu", make_aside<CpufreqCollector, 5>},
    {"disk_info", "/run/udev/data", make_aside<DiskInfoCollector, 10>},
    {"diskstats", "/proc/diskstats", make<DiskstatsCollector>},
    {"entropy", "/proc/sys/kernel/random", make<EntropyCollector>},
    {"filefd", "/proc/sys/fs/file-nr", make<FilefdCollector>},
    {"filesystem", "/proc/1/mounts, statvfs", make<FilesystemCollector>},
    {"hwmon", "/sys/class/hwmon", make_aside<HwmonCollector, 5>},
    {"loadavg", "/proc/loadavg", make<LoadavgCollector>},
    {"meminfo", "/proc/meminfo", make<MeminfoCollector>},
    {"netclass", "/sys/class/net", make_aside<NetclassCollector, 10>},
    {"netdev", "/proc/net/dev", make<NetdevCollector>},
    {"netstat", "/proc/net/netstat, snmp, snmp6", make<NetstatCollector>},
    {"os", "/etc/os-release", make<OsCollector>},
    {"pressure", "/proc/pressure", make<PressureCollector>},
    {"schedstat", "/proc/schedstat", make<SchedstatCollector>},
    {"selinux", "/sys/fs/selinux", make_aside<SelinuxCollector, 10>},
    {"sockstat", "/proc/net/sockstat, sockstat6", make<SockstatCollector>},
    {"softnet", "/proc/net/softnet_stat", make<SoftnetCollector>},
    {"stat", "/proc/stat", make<StatCollector>},
    {"thermal_zone", "/sys/class/thermal", make_aside<ThermalZoneCollector, 5>},
    {"time", "the clock, /sys/devices/system/clocksource", make<TimeCollector>},
    {"timex", "adjtimex", make<TimexCollector>},
    {"udp_queues", "/proc/net/udp, udp6", make_aside<UdpQueuesCollector, 5>},
    {"uname", "uname", make<UnameCollector>},
    {"vmstat", "/proc/vmstat", make<VmstatCollector>},
};
// clang-format on

}  // namespace

std::span<const CollectorEntry> collectors() { return kCollectors; }

}  // namespace ullage::sense
