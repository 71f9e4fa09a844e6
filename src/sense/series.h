// SPDX-License-Identifier: Apache-2.0
// Samples as series, by the names and labels of metric/descriptor.cpp. A series comes into being with its
// first value, so what the kernel does not tell makes none; from then on adding to a tick allocates nothing.
// Each must not outlive its table. One thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metric/frame.h"
#include "metric/series.h"
#include "sense/sample.h"

namespace ullage::sense {

// One field of a sample and the series it becomes.
template <class Sample>
struct SeriesField {
  std::string_view metric;
  std::string_view label;  // beyond those of the subject; empty: none
  std::string_view label_value;
  std::optional<double> (*value)(const Sample& sample);
};

std::span<const SeriesField<ProcessSample>> process_fields();
std::span<const SeriesField<CgroupSample>> cgroup_fields();

// All fields of a sample, for those who write to a frame and keep no ids.
template <class Sample>
void add_fields(std::span<const SeriesField<Sample>> fields, const Sample& sample,
                std::span<const metric::LabelView> labels, metric::Frame& frame) {
  std::vector<metric::LabelView> all(labels.begin(), labels.end());
  all.emplace_back();
  for (const SeriesField<Sample>& field : fields) {
    const auto value = field.value(sample);
    if (!value) continue;
    all.back() = {field.label, field.label_value};  // empty: none
    frame.add(field.metric, all, *value);
  }
}

// Those of one subject: the ids of its fields, given out when first needed.
template <class Sample>
class SubjectSeries {
 public:
  SubjectSeries(metric::SeriesTable& table, metric::Labels labels)
      : table_(&table), labels_(std::move(labels)) {}
  void add(const Sample& sample, metric::Tick& tick);

 private:
  metric::SeriesTable* table_;
  metric::Labels labels_;
  std::vector<std::optional<metric::SeriesId>> ids_;  // in step with the fields
};

// Labels pid and name. After an exec a process has another name and so other series: when is_named() is
// false, make a new one.
class ProcessSeries {
 public:
  ProcessSeries(metric::SeriesTable& table, std::int64_t pid, std::string_view name);
  bool is_named(std::string_view name) const { return name == name_; }
  void add(const ProcessSample& sample, metric::Tick& tick) { series_.add(sample, tick); }

 private:
  std::string name_;
  SubjectSeries<ProcessSample> series_;
};

// Label id: the cgroup's path, as cAdvisor has it.
class CgroupSeries {
 public:
  CgroupSeries(metric::SeriesTable& table, std::string_view id);
  void add(const CgroupSample& sample, metric::Tick& tick) { series_.add(sample, tick); }

 private:
  SubjectSeries<CgroupSample> series_;
};

class HostSeries {
 public:
  explicit HostSeries(metric::SeriesTable& table) : table_(&table), series_(table, {}) {}
  void add(const HostSample& sample, metric::Tick& tick);

 private:
  struct Disk {
    std::string device;
    SubjectSeries<DiskSample> series;
  };
  metric::SeriesTable* table_;
  SubjectSeries<HostSample> series_;
  std::vector<Disk> disks_;
};

}  // namespace ullage::sense
