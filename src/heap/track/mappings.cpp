// SPDX-License-Identifier: Apache-2.0
#include "heap/track/mappings.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

void Mappings::write_to(HeapFile& file) {
  lock_.unlock();
  file_ = &file;
  mappings_ = nullptr;
  count_ = free_count_ = 0;
}

bool Mappings::add(const file::Mapping& mapping) {
  const Locked locked(lock_);
  return put(first_that_ends_after(mapping.begin), mapping);
}

bool Mappings::find(std::uint64_t address, file::Mapping& mapping) {
  const Locked locked(lock_);
  const std::size_t at = first_that_ends_after(address);
  if (at == count_ || mappings_[by_address_[at]].begin > address) return false;
  mapping = mappings_[by_address_[at]];
  return true;
}

bool Mappings::find_reserved(std::uint64_t begin, std::uint64_t end, file::Mapping& part) {
  const Locked locked(lock_);
  for (std::size_t at = first_that_ends_after(begin); at < count_; ++at) {
    part = mappings_[by_address_[at]];
    if (part.begin >= end) return false;
    if (part.node != file::kRoot) continue;
    part.begin = std::max(part.begin, begin);
    part.end = std::min(part.end, end);
    return true;
  }
  return false;
}

bool Mappings::put(std::size_t at, const file::Mapping& mapping) {
  if (mappings_ == nullptr) {
    mappings_ = static_cast<file::Mapping*>(
        file_->add(file::ChunkKind::mappings, 0, kCapacity * sizeof(file::Mapping)).memory);
    if (by_address_ == nullptr)
      by_address_ = static_cast<std::uint16_t*>(map_memory(2 * kCapacity * sizeof(std::uint16_t)));
    free_ = by_address_ + kCapacity;
  }
  if (mappings_ == nullptr || by_address_ == nullptr || count_ == kCapacity) return false;
  const std::size_t place = free_count_ > 0 ? free_[--free_count_] : count_;
  file::Mapping& to = mappings_[place];
  to.node = mapping.node;
  to.birth_slot = mapping.birth_slot;
  to.begin = mapping.begin;
  to.end = mapping.end;
  std::memmove(by_address_ + at + 1, by_address_ + at, (count_ - at) * sizeof *by_address_);
  by_address_[at] = static_cast<std::uint16_t>(place);
  ++count_;
  return true;
}

void Mappings::remove(std::size_t at) {
  const std::uint16_t place = by_address_[at];
  mappings_[place].end = mappings_[place].begin = 0;
  --count_;
  std::memmove(by_address_ + at, by_address_ + at + 1, (count_ - at) * sizeof *by_address_);
  free_[free_count_++] = place;
}

std::size_t Mappings::first_that_ends_after(std::uint64_t address) const {
  std::size_t low = 0, high = count_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (mappings_[by_address_[middle]].end <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

}  // namespace ullage::heap::track
