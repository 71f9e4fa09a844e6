// SPDX-License-Identifier: Apache-2.0
// What becomes of what a program allocates, call site by call site (threads and sizes joined): growing
// without end, lost (no pointer to it is left), kept (allocated once, there at exit), or settled (caches,
// rings, pools, warm-up), each with its evidence and a next step in words. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

enum class VerdictKind : std::uint8_t { growing, lost, kept, settled };
std::string_view name_of(VerdictKind kind);

struct Verdict {
  VerdictKind kind = VerdictKind::settled;
  double confidence = 0;             // 0..1
  Amount amount;                     // what lives of it at the end; of lost, what is lost
  double rate_bytes_per_second = 0;  // of what grows, and of what is lost again and again
  double first_seen_seconds = 0;     // since the first of the processes began
  std::vector<double> births;  // how many of those that live at the end were born in each 24th of the run
  std::vector<double> alive_ratios;        // of what was born in each quarter, oldest first; NaN: nothing was
  bool is_one_block = false;               // growing: few blocks become larger, rather than ever more of them
  double lost_bytes = 0;                   // of growing: so much of it no pointer leads to
  bool is_freed_at_exit = false;           // `amount` is what lived just before
  std::uint32_t processes = 1;             // in which it was found
  std::optional<double> seconds_to_limit;  // of the run, at the rate of all that grows
  bool is_alone = true;                    // in growing
  std::vector<Frame> stack;                // innermost first
  std::string advice;                      // the next step
};

struct Verdicts {
  std::vector<Verdict> leaks;    // growing by rate, then lost, then kept by size
  std::vector<Verdict> settled;  // by size
  double run_seconds = 0;
};

// room_bytes: how much more the run may take, where it has a limit.
Verdicts judge(std::span<const Profile> profiles, std::optional<double> room_bytes = {});

// docs/formats/heap-json.md
nlohmann::json leaks_json(const Verdicts& verdicts, std::string_view run);

}  // namespace ullage::heap
