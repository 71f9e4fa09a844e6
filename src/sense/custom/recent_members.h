// SPDX-License-Identifier: Apache-2.0
// How many different things came in the last ten seconds, told at any moment. Bounded by who adds. One
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

namespace ullage::sense {

class RecentMembers {
 public:
  static constexpr std::chrono::seconds kWindow{10};

  // member: a hash. Time does not go back.
  void add(std::size_t member, std::chrono::nanoseconds now);
  bool holds(std::size_t member) const { return newest_.contains(member); }
  std::uint64_t count(std::chrono::nanoseconds now) const;
  // Gives back the room of those that came before the window.
  void sweep(std::chrono::nanoseconds now);
  std::size_t held() const { return newest_.size(); }  // since the last sweep

 private:
  std::unordered_map<std::size_t, std::int64_t> newest_;  // the second in which each came last
  std::map<std::int64_t, std::uint64_t> by_second_;       // how many came last in it
};

}  // namespace ullage::sense
