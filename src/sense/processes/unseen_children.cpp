// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/unseen_children.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "sense/processes/process_row.h"

namespace ullage::sense {

namespace {

// A parent that sleeps is read some seconds after it has waited; one that ignores SIGCHLD is never credited.
constexpr std::chrono::seconds kCreditComesWithin(8);
constexpr double kLeastSeconds = 0.005;  // half a clock tick of the kernel

// What both have goes from both.
void cancel(double& a, double& b) {
  const double both = std::min(a, b);
  a -= both;
  b -= both;
}

double seconds_of(const ResourceUse& used) { return used.user_seconds + used.system_seconds; }

}  // namespace

void UnseenChildren::credit(std::int64_t parent_pid, const ResourceUse& used) {
  if (seconds_of(used) > 0) credits_[parent_pid].add(used);
}

void UnseenChildren::end(std::int64_t parent_pid, const ResourceUse& used, std::chrono::nanoseconds now) {
  if (seconds_of(used) <= 0) return;
  Ended& ended = ended_[parent_pid];
  ended.used.add(used);
  ended.at = now;
}

const std::vector<UnseenChildren::Left>& UnseenChildren::settle(double most_seconds,
                                                                std::chrono::nanoseconds now) {
  left_.clear();
  const auto take_off = [](ResourceUse& credit, Ended& ended) {
    cancel(credit.user_seconds, ended.used.user_seconds);
    cancel(credit.system_seconds, ended.used.system_seconds);
  };
  for (auto& [parent_pid, credit] : credits_before_) {
    if (const auto own = ended_.find(parent_pid); own != ended_.end()) take_off(credit, own->second);
    if (const auto orphans = ended_.find(kNobody); orphans != ended_.end()) take_off(credit, orphans->second);
    const double seconds = std::min(seconds_of(credit), most_seconds);
    if (seconds < kLeastSeconds) continue;
    const double part = seconds / seconds_of(credit);
    most_seconds -= seconds;
    left_.push_back({.parent_pid = parent_pid,
                     .used = {.user_seconds = credit.user_seconds * part,
                              .system_seconds = credit.system_seconds * part}});
  }
  std::erase_if(ended_, [&](const auto& entry) {
    return seconds_of(entry.second.used) <= 0 || now - entry.second.at > kCreditComesWithin;
  });
  credits_before_.swap(credits_);
  credits_.clear();
  return left_;
}

}  // namespace ullage::sense
