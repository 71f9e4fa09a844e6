// SPDX-License-Identifier: Apache-2.0
#include "sense/series.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "metric/series.h"
#include "sense/sample.h"

namespace ullage::sense {

namespace {

std::optional<double> number(const std::optional<std::uint64_t>& value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}
std::optional<double> number(const std::optional<double>& value) { return value; }
std::optional<double> number(std::uint64_t value) { return static_cast<double>(value); }
std::optional<double> number(double value) { return value; }

template <auto field, class Sample>
std::optional<double> get(const Sample& sample) {
  return number(sample.*field);
}
template <PressureSample Pressures::* resource, OptionalSeconds PressureSample::* kind, class Sample>
std::optional<double> stalled(const Sample& sample) {
  return sample.pressure.*resource.*kind;
}
template <std::size_t mode>
std::optional<double> cpu_mode(const HostSample& sample) {
  return sample.cpu_seconds ? std::optional((*sample.cpu_seconds)[mode]) : std::nullopt;
}
template <std::size_t which>
std::optional<double> load(const HostSample& sample) {
  return sample.load ? std::optional((*sample.load)[which]) : std::nullopt;
}

constexpr double kPeriodMicroseconds = 100'000;  // the kernel's default; the ratio is what was read

std::optional<double> quota_microseconds(const CgroupSample& sample) {
  return sample.quota_cores ? std::optional(*sample.quota_cores * kPeriodMicroseconds) : std::nullopt;
}
std::optional<double> period_microseconds(const CgroupSample& sample) {
  return sample.quota_cores ? std::optional(kPeriodMicroseconds) : std::nullopt;
}
// cAdvisor's pgfault counts both kinds.
std::optional<double> all_faults(const CgroupSample& sample) {
  if (!sample.minor_faults) return std::nullopt;
  return static_cast<double>(*sample.minor_faults + sample.major_faults.value_or(0));
}

// cAdvisor's: what would be left were the cache given back that nobody used for a while.
std::optional<double> working_set(const CgroupSample& sample) {
  if (!sample.current_bytes || !sample.inactive_file_bytes) return std::nullopt;
  return static_cast<double>(*sample.current_bytes -
                             std::min(*sample.current_bytes, *sample.inactive_file_bytes));
}

using P = ProcessSample;
constexpr SeriesField<P> kProcess[] = {
    {"ullage_process_anonymous_bytes", "", "", get<&P::anonymous_bytes>},
    {"ullage_process_context_switches_total", "kind", "voluntary", get<&P::voluntary_switches>},
    {"ullage_process_context_switches_total", "kind", "involuntary", get<&P::involuntary_switches>},
    {"ullage_process_cpu_seconds_total", "mode", "user", get<&P::user_seconds>},
    {"ullage_process_cpu_seconds_total", "mode", "system", get<&P::system_seconds>},
    {"ullage_process_file_bytes", "", "", get<&P::file_bytes>},
    {"ullage_process_open_files", "", "", get<&P::open_files>},
    {"ullage_process_page_faults_total", "kind", "minor", get<&P::minor_faults>},
    {"ullage_process_page_faults_total", "kind", "major", get<&P::major_faults>},
    {"ullage_process_proportional_bytes", "", "", get<&P::proportional_bytes>},
    {"ullage_process_read_bytes_total", "", "", get<&P::read_bytes>},
    {"ullage_process_resident_bytes", "", "", get<&P::resident_bytes>},
    {"ullage_process_run_queue_wait_seconds_total", "", "", get<&P::run_queue_wait_seconds>},
    {"ullage_process_shared_bytes", "", "", get<&P::shared_bytes>},
    {"ullage_process_swap_bytes", "", "", get<&P::swap_bytes>},
    {"ullage_process_threads", "", "", get<&P::threads>},
    {"ullage_process_written_bytes_total", "", "", get<&P::written_bytes>},
};

using C = CgroupSample;
constexpr auto kSome = &PressureSample::some_seconds;
constexpr auto kFull = &PressureSample::full_seconds;
constexpr SeriesField<C> kCgroup[] = {
    {"container_cpu_cfs_periods_total", "", "", get<&C::periods>},
    {"container_cpu_cfs_throttled_periods_total", "", "", get<&C::throttled_periods>},
    {"container_cpu_cfs_throttled_seconds_total", "", "", get<&C::throttled_seconds>},
    {"container_cpu_system_seconds_total", "", "", get<&C::system_seconds>},
    {"container_cpu_usage_seconds_total", "", "", get<&C::usage_seconds>},
    {"container_cpu_user_seconds_total", "", "", get<&C::user_seconds>},
    {"container_fs_reads_bytes_total", "", "", get<&C::read_bytes>},
    {"container_fs_writes_bytes_total", "", "", get<&C::written_bytes>},
    {"container_memory_cache", "", "", get<&C::file_bytes>},
    {"container_memory_failures_total", "failure_type", "pgfault", all_faults},
    {"container_memory_failures_total", "failure_type", "pgmajfault", get<&C::major_faults>},
    {"container_memory_max_usage_bytes", "", "", get<&C::peak_bytes>},
    {"container_memory_rss", "", "", get<&C::anonymous_bytes>},
    {"container_memory_swap", "", "", get<&C::swap_bytes>},
    {"container_memory_usage_bytes", "", "", get<&C::current_bytes>},
    {"container_memory_working_set_bytes", "", "", working_set},
    {"container_oom_events_total", "", "", get<&C::oom_kills>},
    {"container_pressure_cpu_waiting_seconds_total", "", "", stalled<&Pressures::cpu, kSome, C>},
    {"container_pressure_io_stalled_seconds_total", "", "", stalled<&Pressures::io, kFull, C>},
    {"container_pressure_io_waiting_seconds_total", "", "", stalled<&Pressures::io, kSome, C>},
    {"container_pressure_memory_stalled_seconds_total", "", "", stalled<&Pressures::memory, kFull, C>},
    {"container_pressure_memory_waiting_seconds_total", "", "", stalled<&Pressures::memory, kSome, C>},
    {"container_processes", "", "", get<&C::processes>},
    {"container_spec_cpu_period", "", "", period_microseconds},
    {"container_spec_cpu_quota", "", "", quota_microseconds},
    {"container_spec_memory_limit_bytes", "", "", get<&C::limit_bytes>},
};

using H = HostSample;
constexpr SeriesField<H> kHost[] = {
    {"node_cpu_seconds_total", "mode", H::kModes[0], cpu_mode<0>},
    {"node_cpu_seconds_total", "mode", H::kModes[1], cpu_mode<1>},
    {"node_cpu_seconds_total", "mode", H::kModes[2], cpu_mode<2>},
    {"node_cpu_seconds_total", "mode", H::kModes[3], cpu_mode<3>},
    {"node_cpu_seconds_total", "mode", H::kModes[4], cpu_mode<4>},
    {"node_cpu_seconds_total", "mode", H::kModes[5], cpu_mode<5>},
    {"node_cpu_seconds_total", "mode", H::kModes[6], cpu_mode<6>},
    {"node_cpu_seconds_total", "mode", H::kModes[7], cpu_mode<7>},
    {"node_load1", "", "", load<0>},
    {"node_load15", "", "", load<2>},
    {"node_load5", "", "", load<1>},
    {"node_memory_Cached_bytes", "", "", get<&H::cached_bytes>},
    {"node_memory_Dirty_bytes", "", "", get<&H::dirty_bytes>},
    {"node_memory_MemAvailable_bytes", "", "", get<&H::memory_available_bytes>},
    {"node_memory_MemFree_bytes", "", "", get<&H::memory_free_bytes>},
    {"node_memory_MemTotal_bytes", "", "", get<&H::memory_total_bytes>},
    {"node_memory_SwapFree_bytes", "", "", get<&H::swap_free_bytes>},
    {"node_memory_SwapTotal_bytes", "", "", get<&H::swap_total_bytes>},
    {"node_pressure_cpu_waiting_seconds_total", "", "", stalled<&Pressures::cpu, kSome, H>},
    {"node_pressure_io_stalled_seconds_total", "", "", stalled<&Pressures::io, kFull, H>},
    {"node_pressure_io_waiting_seconds_total", "", "", stalled<&Pressures::io, kSome, H>},
    {"node_pressure_memory_stalled_seconds_total", "", "", stalled<&Pressures::memory, kFull, H>},
    {"node_pressure_memory_waiting_seconds_total", "", "", stalled<&Pressures::memory, kSome, H>},
    {"node_vmstat_oom_kill", "", "", get<&H::oom_kills>},
    {"node_vmstat_pswpin", "", "", get<&H::swapped_in_pages>},
    {"node_vmstat_pswpout", "", "", get<&H::swapped_out_pages>},
};

constexpr SeriesField<DiskSample> kDisk[] = {
    {"node_disk_io_time_seconds_total", "", "", get<&DiskSample::busy_seconds>},
    {"node_disk_read_bytes_total", "", "", get<&DiskSample::read_bytes>},
    {"node_disk_written_bytes_total", "", "", get<&DiskSample::written_bytes>},
};

std::span<const SeriesField<P>> fields_of(const P&) { return kProcess; }
std::span<const SeriesField<C>> fields_of(const C&) { return kCgroup; }
std::span<const SeriesField<H>> fields_of(const H&) { return kHost; }
std::span<const SeriesField<DiskSample>> fields_of(const DiskSample&) { return kDisk; }

}  // namespace

std::span<const SeriesField<ProcessSample>> process_fields() { return kProcess; }
std::span<const SeriesField<CgroupSample>> cgroup_fields() { return kCgroup; }

template <class Sample>
void SubjectSeries<Sample>::add(const Sample& sample, metric::Tick& tick) {
  const auto fields = fields_of(sample);
  ids_.resize(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto value = fields[i].value(sample);
    if (!value) continue;
    if (!ids_[i]) {
      metric::Labels labels = labels_;
      if (!fields[i].label.empty())
        labels.push_back({std::string(fields[i].label), std::string(fields[i].label_value)});
      ids_[i] = table_->id(fields[i].metric, std::move(labels));
    }
    tick.add(*ids_[i], *value);
  }
}

template class SubjectSeries<ProcessSample>;
template class SubjectSeries<CgroupSample>;
template class SubjectSeries<HostSample>;
template class SubjectSeries<DiskSample>;

ProcessSeries::ProcessSeries(metric::SeriesTable& table, std::int64_t pid, std::string_view name)
    : name_(name), series_(table, {{"name", valid_utf8(name)}, {"pid", std::to_string(pid)}}) {}

CgroupSeries::CgroupSeries(metric::SeriesTable& table, std::string_view id)
    : series_(table, {{"id", valid_utf8(id)}}) {}

void HostSeries::add(const HostSample& sample, metric::Tick& tick) {
  series_.add(sample, tick);
  for (const DiskSample& disk : sample.disks) {
    auto known = std::ranges::find(disks_, disk.device, &Disk::device);
    if (known == disks_.end()) {
      disks_.push_back({disk.device, {*table_, {{"device", valid_utf8(disk.device)}}}});
      known = disks_.end() - 1;
    }
    known->series.add(disk, tick);
  }
}

}  // namespace ullage::sense
