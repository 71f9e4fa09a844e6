// SPDX-License-Identifier: Apache-2.0
// The phases a command says it is in, with the peak of memory and the CPU time that fell into each. Phases
// may nest and overlap; one that is begun twice under one name is two. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "run/record.h"

namespace ullage::session {

class Phases {
 public:
  static constexpr std::size_t kLimit = 10'000;

  void begin(std::string_view name, std::int64_t now_ms, double cpu_seconds);
  // False when no phase of that name is open.
  bool end(std::string_view name, std::int64_t now_ms, double cpu_seconds);
  void look(std::uint64_t used_bytes);
  // Closes what is open.
  void finish(std::int64_t now_ms, double cpu_seconds);

  // With the CPU time so far in those that are open.
  std::vector<run::Phase> list(double cpu_seconds) const;
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::vector<run::Phase> phases_;  // cpu_seconds: of an open one, the run's at its begin
  std::vector<std::size_t> open_;   // indices, oldest first
  std::uint64_t dropped_ = 0;
};

}  // namespace ullage::session
