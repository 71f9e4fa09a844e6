// SPDX-License-Identifier: Apache-2.0
#include "top/process_headroom.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/processes/process_row.h"

namespace ullage::top {

namespace {

// A process is seldom moved after its start.
constexpr std::chrono::nanoseconds kLookAgain = std::chrono::seconds(30);
constexpr std::size_t kLookUpsMost = 500;  // a reading, about 20 µs each
// A place has a few files on each level above it.
constexpr std::size_t kPlacesMost = 20;  // a reading
constexpr std::size_t kCgroupTextMost = 64 << 10;

std::optional<std::string> read_cgroup_text(const OsRoot& root, std::int64_t pid) {
  auto text = read_file(root.path("/proc/" + std::to_string(pid) + "/cgroup"), kCgroupTextMost);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

}  // namespace

void ProcessHeadroom::look_up(const sense::ProcessRow& row, std::chrono::nanoseconds now,
                              std::size_t& look_ups_left) {
  Known& known = known_[row.sample.pid];
  const bool is_another = known.start_ticks != row.sample.start_ticks || known.round == 0;
  known.round = round_;
  if (is_another) {
    known.start_ticks = row.sample.start_ticks;
    known.place.clear();
    known.looked_at.reset();
  } else if (known.looked_at && now < *known.looked_at + kLookAgain) {
    return;
  }
  if (look_ups_left == 0) return;
  --look_ups_left;
  known.looked_at = now;
  if (auto text = read_cgroup_text(root_, row.sample.pid)) known.place = *std::move(text);
}

void ProcessHeadroom::renew_places(std::chrono::nanoseconds now) {
  std::vector<std::pair<const std::string, Place>*> due;
  for (auto& entry : places_) due.push_back(&entry);
  const std::size_t count = std::min(due.size(), kPlacesMost);
  std::ranges::partial_sort(due, due.begin() + static_cast<std::ptrdiff_t>(count), {}, [](const auto* entry) {
    return entry->second.read_at.value_or(std::chrono::nanoseconds::min());
  });
  due.resize(count);
  for (auto* entry : due) {
    Place& place = entry->second;
    place.read_at = now;
    // The one that is asked may have ended or been moved: another of the place is asked next time.
    if (read_cgroup_text(root_, place.pid) != entry->first) {
      known_[place.pid].looked_at.reset();
      continue;
    }
    const auto where = sense::read_cgroup_place(root_, std::to_string(place.pid));
    if (where) place.headroom_bytes = sense::read_headroom_bytes(root_, *where);
  }
}

std::span<const std::optional<std::uint64_t>> ProcessHeadroom::read(std::span<const sense::ProcessRow> rows,
                                                                    std::chrono::nanoseconds now) {
  ++round_;
  std::size_t look_ups_left = kLookUpsMost;
  std::vector<const Place*> place_of_row(rows.size(), nullptr);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    look_up(rows[i], now, look_ups_left);
    const Known& known = known_[rows[i].sample.pid];
    // A thread of the kernel has no memory of its own.
    if (known.place.empty() || rows[i].command_line.empty()) continue;
    Place& place = places_[known.place];
    place.pid = rows[i].sample.pid;
    place.round = round_;
    place_of_row[i] = &place;
  }
  std::erase_if(known_, [&](const auto& entry) { return entry.second.round != round_; });
  std::erase_if(places_, [&](const auto& entry) { return entry.second.round != round_; });
  renew_places(now);
  headrooms_.assign(rows.size(), std::nullopt);
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (place_of_row[i] != nullptr) headrooms_[i] = place_of_row[i]->headroom_bytes;
  return headrooms_;
}

}  // namespace ullage::top
