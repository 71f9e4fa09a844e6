// SPDX-License-Identifier: Apache-2.0
#include "session/phases.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "run/record.h"

namespace ullage::session {

void Phases::begin(std::string_view name, std::int64_t now_ms, double cpu_seconds) {
  if (phases_.size() >= kLimit) {
    ++dropped_;
    return;
  }
  open_.push_back(phases_.size());
  phases_.push_back({.name = std::string(name), .begin_ms = now_ms, .cpu_seconds = cpu_seconds});
}

bool Phases::end(std::string_view name, std::int64_t now_ms, double cpu_seconds) {
  const auto innermost =
      std::find_if(open_.rbegin(), open_.rend(), [&](std::size_t i) { return phases_[i].name == name; });
  if (innermost == open_.rend()) return false;
  run::Phase& phase = phases_[*innermost];
  phase.end_ms = now_ms;
  phase.cpu_seconds = cpu_seconds - phase.cpu_seconds.value_or(0);
  open_.erase(std::next(innermost).base());
  return true;
}

void Phases::look(std::uint64_t used_bytes) {
  for (const std::size_t i : open_)
    phases_[i].peak_bytes = std::max(phases_[i].peak_bytes.value_or(0), used_bytes);
}

void Phases::finish(std::int64_t now_ms, double cpu_seconds) {
  while (!open_.empty()) end(phases_[open_.back()].name, now_ms, cpu_seconds);
}

std::vector<run::Phase> Phases::list(double cpu_seconds) const {
  std::vector<run::Phase> listed = phases_;
  for (const std::size_t i : open_) listed[i].cpu_seconds = cpu_seconds - listed[i].cpu_seconds.value_or(0);
  return listed;
}

}  // namespace ullage::session
