// SPDX-License-Identifier: Apache-2.0
#include "top/machine_reader.h"

#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/host/host_reader.h"
#include "sense/net/netdev_collector.h"
#include "sense/processes/processes_collector.h"
#include "top/machine_view.h"
#include "top/process_headroom.h"

namespace ullage::top {

namespace {

// Limits change seldom.
constexpr std::chrono::nanoseconds kCapacityTime = std::chrono::seconds(10);

// Of one core, for PSS: somebody is looking, and a machine of workers that were forked is told wrongly until
// it is known.
constexpr double kCostlyShare = 0.02;

// Nobody asks for the series here: the rows are what is wanted.
class NoFrame final : public metric::Frame {
 public:
  using Frame::add;
  void add(std::string_view, std::span<const metric::LabelView>, double) override {}
};

// The network's counters, summed over devices.
class NetworkSum final : public metric::Frame {
 public:
  using Frame::add;
  void add(std::string_view name, std::span<const metric::LabelView>, double value) override {
    if (name == "node_network_receive_bytes_total") sum.received_bytes += static_cast<std::uint64_t>(value);
    if (name == "node_network_transmit_bytes_total") sum.sent_bytes += static_cast<std::uint64_t>(value);
  }
  NetworkCounters sum;
};

unsigned affinity_cores(const OsRoot& root) {
  cpu_set_t set;
  if (!root.is_live() || ::sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace

struct MachineReader::Impl {
  OsRoot root;
  const Clock& clock;
  sense::HostReader host;
  sense::NetdevCollector network;
  sense::ProcessesCollector processes;
  ProcessHeadroom headroom;
  sense::CgroupPlace place;  // where we stand
  sense::Capacity capacity;
  std::optional<std::chrono::nanoseconds> capacity_at;
  std::string host_name;

  Impl(const OsRoot& machine, const Clock& time)
      : root(machine),
        clock(time),
        host(machine),
        network(machine),
        processes(machine, {.table = {.costly_share = kCostlyShare}}, time),
        headroom(machine) {
    if (auto name = read_file(root.path("/proc/sys/kernel/hostname"), 256)) host_name = trim(*name);
  }

  void renew_capacity(std::chrono::nanoseconds now) {
    if (capacity_at && now < *capacity_at + kCapacityTime) return;
    capacity_at = now;
    if (auto found = sense::read_cgroup_place(root)) place = std::move(*found);
    capacity = sense::read_capacity(root, place, affinity_cores(root));
  }
};

MachineReader::MachineReader(const OsRoot& root, const Clock& clock)
    : impl_(std::make_unique<Impl>(root, clock)) {}
MachineReader::~MachineReader() = default;
MachineReader::MachineReader(MachineReader&&) noexcept = default;
MachineReader& MachineReader::operator=(MachineReader&&) noexcept = default;

Result<MachineReading> MachineReader::read() {
  Impl& own = *impl_;
  NoFrame nobody;
  if (auto read = own.processes.collect(nobody); !read) return pass_on(read);
  // After the processes, whose rates it is for.
  const std::chrono::nanoseconds now = own.clock.monotonic();
  own.renew_capacity(now);
  MachineReading reading{.at = now,
                         .time_ms = own.clock.wall_ms(),
                         .host_name = own.host_name,
                         .own_pid = own.root.is_live() ? ::getpid() : 0,
                         .host = own.host.read(),
                         .capacity = own.capacity,
                         .headroom_bytes = sense::read_headroom_bytes(own.root, own.place),
                         .processes = own.processes.rows(),
                         .headrooms = own.headroom.read(own.processes.rows(), now),
                         .hidden = own.processes.hidden()};
  NetworkSum network;
  if (own.network.collect(network)) reading.network = network.sum;
  return reading;
}

}  // namespace ullage::top
