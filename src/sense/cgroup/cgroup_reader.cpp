// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroup_reader.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/os_root.h"
#include "sense/cgroup/ancestors.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/cgroup/cgroup_text.h"
#include "sense/kernel_file.h"
#include "sense/kernel_text.h"
#include "sense/psi/pressure.h"
#include "sense/sample.h"

namespace ullage::sense {

namespace {

using Parse = void (*)(std::string_view text, const OsRoot& root, CgroupSample& sample);

template <void (*parse)(std::string_view, CgroupSample&)>
void simple(std::string_view text, const OsRoot&, CgroupSample& sample) {
  parse(text, sample);
}
template <OptionalBytes CgroupSample::* field>
void number(std::string_view text, const OsRoot&, CgroupSample& sample) {
  sample.*field = parse_limit(text);
}
template <PressureSample Pressures::* resource>
void pressure(std::string_view text, const OsRoot&, CgroupSample& sample) {
  sample.pressure.*resource = parse_pressure(text);
}
void cpu_max(std::string_view text, const OsRoot&, CgroupSample& sample) {
  sample.quota_cores = parse_cpu_max(text);
}
void cpuacct_stat(std::string_view text, const OsRoot& root, CgroupSample& sample) {
  parse_cpuacct_stat_v1(text, root.ticks_per_second, sample);
}
void cpuacct_usage(std::string_view text, const OsRoot&, CgroupSample& sample) {
  if (const auto usage = parse_one_number(text)) sample.usage_seconds = nanoseconds(*usage);
}

struct Source {
  std::string_view name;
  Parse parse;
  bool is_slow = false;  // limits, marks and counts of rare events; and pressure, which is dear to read
};
constexpr bool kSlow = true;

constexpr Source kMemoryV2[] = {{"memory.current", number<&CgroupSample::current_bytes>},
                                {"memory.peak", number<&CgroupSample::peak_bytes>, kSlow},
                                {"memory.max", number<&CgroupSample::limit_bytes>, kSlow},
                                {"memory.high", number<&CgroupSample::high_bytes>, kSlow},
                                {"memory.swap.current", number<&CgroupSample::swap_bytes>},
                                {"memory.stat", simple<parse_memory_stat_v2>},
                                {"memory.events", simple<parse_memory_events>, kSlow}};
constexpr Source kMemoryV1[] = {{"memory.usage_in_bytes", number<&CgroupSample::current_bytes>},
                                {"memory.max_usage_in_bytes", number<&CgroupSample::peak_bytes>, kSlow},
                                {"memory.limit_in_bytes", number<&CgroupSample::limit_bytes>, kSlow},
                                {"memory.kmem.usage_in_bytes", number<&CgroupSample::kernel_bytes>},
                                {"memory.stat", simple<parse_memory_stat_v1>},
                                {"memory.failcnt", number<&CgroupSample::max_events>, kSlow},
                                {"memory.oom_control", simple<parse_oom_control_v1>, kSlow}};
constexpr Source kCpuV2[] = {{"cpu.stat", simple<parse_cpu_stat_v2>}, {"cpu.max", cpu_max, kSlow}};
constexpr Source kCpuV1[] = {{"cpu.stat", simple<parse_cpu_stat_v1>}};
constexpr Source kCpuacctV1[] = {{"cpuacct.usage", cpuacct_usage}, {"cpuacct.stat", cpuacct_stat}};
constexpr Source kPids[] = {{"pids.current", number<&CgroupSample::processes>},
                            {"pids.max", number<&CgroupSample::processes_limit>, kSlow}};
constexpr Source kIoV2[] = {{"io.stat", simple<parse_io_stat_v2>}};
// Since Linux 5.3 the plain file is of this cgroup alone.
constexpr Source kBlkioV1[] = {
    {"blkio.throttle.io_service_bytes_recursive", simple<parse_blkio_service_bytes_v1>}};
constexpr Source kPressure[] = {{"cpu.pressure", pressure<&Pressures::cpu>, kSlow},
                                {"memory.pressure", pressure<&Pressures::memory>, kSlow},
                                {"io.pressure", pressure<&Pressures::io>, kSlow}};

// On a hybrid with a v2 cgroup of its own beside v1 controllers that were never divided, the top of v1 speaks
// of the whole machine.
bool tells_less(const OsRoot& root, const std::string& v1, const std::string& unified) {
  return cgroup_and_ancestors(root, v1).size() == 1 && cgroup_and_ancestors(root, unified).size() > 1;
}

}  // namespace

struct CgroupReader::Impl {
  struct File {
    KernelFile file;
    Parse parse;
    bool is_slow;
  };

  OsRoot root;
  CgroupSample sample;
  std::vector<File> files;
  std::optional<KernelFile> quota_v1, period_v1;
  std::string buffer, period_buffer;

  void add(const std::string& folder, std::span<const Source> sources) {
    if (folder.empty()) return;
    for (const Source& source : sources)
      files.push_back(
          {KernelFile(root.path(folder + "/" + std::string(source.name))), source.parse, source.is_slow});
  }
};

CgroupReader::CgroupReader(OsRoot root, CgroupPlace place) : impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  impl.root = std::move(root);
  const auto is_v2 = [&](const std::string& folder) { return folder == place.unified; };
  const auto either = [&](std::span<const Source> v2, std::span<const Source> v1, const std::string& folder) {
    impl.add(folder, is_v2(folder) ? v2 : v1);
  };
  // The v2 tree first: where a v1 controller speaks of the same, it has the last word.
  impl.add(place.unified, kPressure);
  if (!place.unified.empty() && !is_v2(place.cpu)) impl.add(place.unified, {kCpuV2, 1});
  either(kMemoryV2, kMemoryV1, place.memory);
  either(kCpuV2, kCpuV1, place.cpu);
  if (!is_v2(place.cpuacct) && !tells_less(impl.root, place.cpuacct, place.unified))
    impl.add(place.cpuacct, kCpuacctV1);
  impl.add(place.pids, kPids);
  either(kIoV2, kBlkioV1, place.blkio);
  if (place.cpu.empty() || is_v2(place.cpu)) return;
  impl.quota_v1.emplace(impl.root.path(place.cpu + "/cpu.cfs_quota_us"));
  impl.period_v1.emplace(impl.root.path(place.cpu + "/cpu.cfs_period_us"));
}
CgroupReader::~CgroupReader() = default;

// As kSlow has it.
CgroupSample often_read(CgroupSample sample) {
  sample.peak_bytes = sample.limit_bytes = sample.high_bytes = {};
  sample.oom_kills = sample.oom_events = sample.high_events = sample.max_events = {};
  sample.processes_limit = {};
  sample.quota_cores = {};
  sample.pressure = {};
  return sample;
}
CgroupReader::CgroupReader(CgroupReader&&) noexcept = default;
CgroupReader& CgroupReader::operator=(CgroupReader&&) noexcept = default;

CgroupSample CgroupReader::read(Which which) {
  Impl& impl = *impl_;
  CgroupSample& sample = impl.sample;
  if (which == Which::all) sample = {};
  for (Impl::File& file : impl.files) {
    if (file.is_slow && which == Which::quick) continue;
    if (const auto text = file.file.read(impl.buffer)) file.parse(*text, impl.root, sample);
  }
  if (impl.quota_v1 && which == Which::all) {
    const auto quota = impl.quota_v1->read(impl.buffer);
    const auto period = impl.period_v1->read(impl.period_buffer);
    if (quota && period) sample.quota_cores = quota_cores_v1(*quota, *period);
  }
  return sample;
}

void CgroupReader::close() {
  for (Impl::File& file : impl_->files) file.file.close();
  if (impl_->quota_v1) impl_->quota_v1->close();
  if (impl_->period_v1) impl_->period_v1->close();
}

}  // namespace ullage::sense
