// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/group_books.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "sense/processes/process_row.h"
#include "sense/sample.h"

namespace ullage::sense {

namespace {

constexpr std::chrono::minutes kEmptyStays(5);  // a group of short-lived processes is mostly empty
constexpr double kUsualSeconds = 30;
constexpr std::uint64_t kProportionalFromBytes = 1 << 20;
// Beside shares of the whole: to be there at all, and to have been there.
constexpr double kPopulatedWeight = 1e-9, kEmptyWeight = 1e-12;

void add_known(OptionalBytes& sum, const OptionalBytes& part) {
  if (part) sum = sum.value_or(0) + *part;
}

void add_levels(GroupSample& sum, const GroupSample& part) {
  sum.processes += part.processes;
  sum.threads += part.threads;
  add_known(sum.resident_bytes, part.resident_bytes);
  add_known(sum.anonymous_bytes, part.anonymous_bytes);
  add_known(sum.swap_bytes, part.swap_bytes);
  add_known(sum.open_files, part.open_files);
  sum.largest_process_bytes = std::max(sum.largest_process_bytes, part.largest_process_bytes);
}

void clear_levels(GroupSample& sample) {
  sample = {.used = sample.used,
            .is_io_known = sample.is_io_known,
            .births = sample.births,
            .deaths = sample.deaths};
}

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

// The margin of the choice is a quarter on top.
GroupBooks::GroupBooks(std::size_t groups_most) : choice_(std::max<std::size_t>(1, groups_most * 4 / 5)) {}

void GroupBooks::take(std::span<const ProcessRow> rows, std::span<const EndedProcess> ended,
                      std::chrono::nanoseconds now) {
  begin();
  for (const ProcessRow& row : rows) add(row);
  for (const EndedProcess& process : ended) add(process);
  for (auto& [group, entry] : entries_) {
    GroupSample& sample = entry.sample;
    if (entry.without_proportional > 0) sample.proportional_bytes.reset();
    if (sample.processes > 0 || entry.deaths > 0) entry.populated_at = now;
    if (sample.processes == 0) continue;
    entry.growth.add(now, sample.anonymous_bytes.value_or(sample.resident_bytes.value_or(0)) +
                              sample.swap_bytes.value_or(0));
    sample.growth_bytes_per_minute = entry.growth.bytes_per_minute();
    if (const auto rising = entry.growth.rising_for(now)) sample.growing_seconds = to_seconds(*rising);
  }
  choose(now);
  for (auto& [group, entry] : entries_) share_out(entry);
  std::erase_if(entries_, [&](const auto& pair) {
    return pair.second.sample.processes == 0 && !choice_.is_chosen(pair.first);
  });
  std::ranges::sort(shown_, {}, [](const Shown& shown) -> const ProcessGroup& { return *shown.group; });
  taken_at_ = now;
}

void GroupBooks::begin() {
  shown_.clear();
  groups_in_others_ = 0;
  clear_levels(others_);
  for (auto& [group, entry] : entries_) {
    clear_levels(entry.sample);
    entry.used = {};
    entry.births = entry.deaths = 0;
    entry.without_proportional = 0;
  }
}

GroupBooks::Entry& GroupBooks::entry_of(const SharedGroup& group) {
  Entry& entry = entries_[group.get()];
  if (entry.group == nullptr) entry.group = group;
  return entry;
}

void GroupBooks::add(const ProcessRow& row) {
  Entry& entry = entry_of(row.group);
  GroupSample& sum = entry.sample;
  const ProcessSample& sample = row.sample;
  ++sum.processes;
  sum.threads += sample.threads;
  entry.births += row.was_born ? 1u : 0u;
  entry.used.add(row.used);
  sum.is_io_known = sum.is_io_known || sample.read_bytes.has_value();
  add_known(sum.open_files, sample.open_files);
  sum.largest_process_bytes = std::max(sum.largest_process_bytes, sample.resident_bytes.value_or(0));
  if (row.borrows_memory) return;
  add_known(sum.resident_bytes, sample.resident_bytes);
  add_known(sum.anonymous_bytes, sample.anonymous_bytes);
  add_known(sum.swap_bytes, sample.swap_bytes);
  if (sample.proportional_bytes)
    add_known(sum.proportional_bytes, sample.proportional_bytes);
  else if (sample.resident_bytes.value_or(0) < kProportionalFromBytes)
    add_known(sum.proportional_bytes, sample.resident_bytes);
  else
    ++entry.without_proportional;
}

void GroupBooks::add(const EndedProcess& process) {
  Entry& entry = entry_of(process.group);
  entry.deaths += process.ending != Ending::unknown ? 1u : 0u;
  entry.births += process.ending == Ending::unseen ? 1u : 0u;
  entry.used.add(process.used);
  entry.sample.largest_process_bytes =
      std::max(entry.sample.largest_process_bytes, process.resident_peak_bytes);
}

void GroupBooks::choose(std::chrono::nanoseconds now) {
  const double elapsed = taken_at_ ? to_seconds(now - *taken_at_) : 0;
  const double gained = 1 - std::exp(-elapsed / kUsualSeconds);
  double bytes = 0, cores = 0, growth = 0;
  const auto bytes_of = [](const Entry& entry) {
    return static_cast<double>(entry.sample.resident_bytes.value_or(0)) +
           static_cast<double>(entry.sample.swap_bytes.value_or(0));
  };
  const auto growth_of = [](const Entry& entry) {
    return std::max(0.0, entry.sample.growth_bytes_per_minute.value_or(0));
  };
  for (auto& [group, entry] : entries_) {
    const double used = entry.used.user_seconds + entry.used.system_seconds;
    // What a group had used before it was first seen says nothing of now.
    if (entry.is_ranked && elapsed > 0)
      entry.usual_cpu_cores += gained * (used / elapsed - entry.usual_cpu_cores);
    entry.is_ranked = true;
    bytes += bytes_of(entry);
    cores += entry.usual_cpu_cores;
    growth += growth_of(entry);
  }
  candidates_.clear();
  for (const auto& [group, entry] : entries_) {
    double weight =
        share(bytes_of(entry), bytes) + share(entry.usual_cpu_cores, cores) + share(growth_of(entry), growth);
    weight += entry.sample.processes > 0 ? kPopulatedWeight : kEmptyWeight;
    if (entry.sample.processes > 0 || entry.populated_at + kEmptyStays >= now)
      candidates_.push_back({group, weight});
  }
  choice_.choose(candidates_);
}

void GroupBooks::share_out(Entry& entry) {
  const bool is_shown = choice_.is_chosen(entry.group.get());
  GroupSample& with = is_shown ? entry.sample : others_;
  with.used.add(entry.used);
  with.births += entry.births;
  with.deaths += entry.deaths;
  with.is_io_known = with.is_io_known || entry.sample.is_io_known;
  if (is_shown) {
    shown_.push_back({entry.group, &entry.sample});
    return;
  }
  add_levels(others_, entry.sample);
  const std::uint64_t processes = entry.sample.processes;
  entry.sample = {.processes = processes};  // its counters begin anew, should it be shown again
  groups_in_others_ += processes > 0 ? 1u : 0u;
}

}  // namespace ullage::sense
