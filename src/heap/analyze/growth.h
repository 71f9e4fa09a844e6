// SPDX-License-Identifier: Apache-2.0
// Does a call site grow without end, or has it settled? One site's history in windows of equal time → the
// judgement and its evidence. Survivors (what lives at the end, by its birth) show growth free of the noise
// of what comes and goes; the doomed (what lived at some time and is dead by the end) show whether they only
// took others' places, as a full cache's do. Pure; docs/explanation/leaks.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

struct SiteWindow {
  double born_count = 0, born_bytes = 0, born_variance = 0, freed_bytes = 0;
  std::uint32_t born_samples = 0;
  double survivor_count = 0, survivor_bytes = 0, survivor_variance = 0;  // born here, alive at the end
  std::uint32_t survivor_samples = 0;
  double least_bytes = 0;  // of what lived: at the quietest slot's end
  // The same while frees were still to come: a slot may end within a realloc, between its two halves.
  double least_held_bytes = 0, last_held_bytes = 0;
  double last_bytes = 0;
  bool is_idle = false;  // no site of the process did anything: it waited, or had no processor
};

struct SiteHistory {
  std::vector<SiteWindow> windows;
  double window_seconds = 0;
  double burst_seconds = 0;  // from the first allocation to the last
  double first_seconds = 0;  // since the process began
  double life_seconds = 0;   // the process's
  bool is_exact = false;
};

// How a process's life is cut into windows of equal time: `most` of them, fewer where it has hardly any slot.
struct WindowGrid {
  std::vector<std::uint32_t> window_of_slot;
  std::size_t windows = 0;
  double window_seconds = 0;
};
WindowGrid window_grid(const Profile& profile, std::size_t most = 48);

struct Growth {
  bool is_growing = false;
  bool is_burst = false;      // all of it was allocated in one go, and hardly any freed
  bool is_one_block = false;  // few blocks that become larger, rather than ever more of them
  double confidence = 0;      // 0..1, of whichever it is
  double rate_bytes_per_second = 0;
  double replaced_ratio = 0;  // of the survivors, how many only took others' places; at its least
};
Growth judge_growth(const SiteHistory& history);
// The same of what was freed at the exit, and of which only the levels before are known; `held`: just before.
Growth judge_levels(const SiteHistory& history, const Amount& held);

}  // namespace ullage::heap
